"""Files of an engine as trtexec writes them, made of an ONNX model: layers are fused as TensorRT fuses them.

The layout is that of TensorRT's published sources (samples/common/sampleReporting.cpp for times; the engine inspector's
JSON, which sampleEngines.cpp writes as it is, for layers) in three generations: 8.6 and 10 call the tensors `Bindings`, 11
calls them `I/O Tensors`."""

import json
from dataclasses import dataclass, field

SEPARATORS = {"8.6": "", "10": "\x1e", "11": "\x1f"}
COUNT = 250


@dataclass
class Layer:
    name: str
    type: str
    #: Nodes that it computes.
    nodes: list = field(default_factory=list)
    milliseconds: float = 0.0
    output: str = "unknown"


def fused(model):
    """Layers of the model: a convolution with the sum and the activation behind it, everything else alone, a
    concatenation as copies of its inputs."""
    users = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    taken, layers = set(), []
    for node in model.graph.node:
        if node.name in taken:
            continue
        if node.op_type == "Concat":
            for name in node.input:
                layers.append(Layer(f"{name} copy", "Reformat", [node], output=node.output[0]))
            taken.add(node.name)
            continue
        group = [node]
        if node.op_type in ("Conv", "Gemm"):
            # What adds the shortcut comes only when the other side is there.
            while len(users.get(group[-1].output[0], [])) == 1:
                following = users[group[-1].output[0]][0]
                ready = all(
                    name == group[-1].output[0] or name in done(model, layers) for name in following.input)
                if following.op_type not in ("Add", "Relu") or not ready:
                    break
                group.append(following)
        taken.update(each.name for each in group)
        name = " + ".join(each.name for each in group)
        kind = {"Conv": "CaskConvolution", "Gemm": "CaskGemmConvolution", "MaxPool": "CaskPooling"}.get(
            node.op_type, "PointWiseV2" if node.op_type in ("Relu", "Add") else node.op_type)
        if group[0].op_type in ("Relu", "Add"):
            name = "PWN(" + ", ".join(f"PWN({each.name})" for each in group) + ")"
        layers.append(Layer(name, kind, group, output=group[-1].output[0]))
    for index, layer in enumerate(layers):
        layer.milliseconds = round(0.001 * (1 + index % 7) + 0.0003 * index, 7)
    return layers


def done(model, layers):
    """Names of values that are there."""
    computed = {output for layer in layers for node in layer.nodes for output in node.output}
    return computed | {each.name for each in model.graph.input} | {each.name for each in model.graph.initializer}


def layers_text(layers, tensors, version="10", detailed=True):
    """What --exportLayerInfo writes."""
    def stated(layer):
        if not detailed:
            return layer.name
        metadata = SEPARATORS[version].join(f"[ONNX Layer: {node.name}]" for node in layer.nodes)
        tensor = {"Name": layer.output, "Location": "Device", "Dimensions": [1, 8, 4, 4]}
        if version == "11":
            tensor |= {"DataType": "Half", "Format": "Channel major FP16 format where channel % 8 == 0"}
        else:
            tensor["Format/Datatype"] = "Half"
        result = {
            "Name": layer.name, "LayerType": layer.type, "Inputs": [], "Outputs": [tensor], "Origin": "",
            "ParameterType": "Convolution", "Kernel": [3, 3], "Weights": {"Type": "Half", "Count": 9},
            "HasBias": 1, "TacticName": "sm80_xmma_fprop", "TacticValue": "0x11bde0e1d9f2f35d", "StreamId": 0,
            "Metadata": metadata,
        }
        return result
    names = [{"Name": name, "IOMode": "INPUT"} for name in tensors] if version == "11" else tensors
    report = {"Layers": [stated(layer) for layer in layers]}
    report["I/O Tensors" if version == "11" else "Bindings"] = names
    if version == "11":
        report = {"ProfilingVerbosity": "DETAILED", "Engine Metadata": {"Multi-Device": "Disabled"}} | report
    return json.dumps(report)


def profile_text(layers, version="10"):
    """What --exportProfile writes, with six significant digits as C++ does unasked."""
    total = sum(layer.milliseconds for layer in layers)
    text = f'[\n  {{ "count" : {COUNT} }}\n'
    for layer in layers:
        milliseconds = layer.milliseconds
        text += f', {{ "name" : "{layer.name}", "timeMs" : {milliseconds * COUNT:.6g}, "averageMs" : {milliseconds:.6g}'
        text += "" if version == "8.4" else f', "medianMs" : {milliseconds * 0.99:.6g}'
        text += f', "percentage" : {100 * milliseconds / total:.6g} }}\n'
    return text + "]\n"
