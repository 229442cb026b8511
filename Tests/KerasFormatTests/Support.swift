import Architectures
import FileIO
import FoundationEssentials
import HDF5
import KerasFormat
import ModelIR
import PyTorchFormat
import TestSupport

/// The tiny ScaleNet as a graph.
func tinyGraph(_ options: BuildOptions = BuildOptions(), folded: Bool = false) throws -> Graph {
  let weights = try PyTorchReader.read(ByteRegion.map(path: Fixtures.path("tiny/tiny.pth")))
  let configuration = try ScaleNetConfiguration(recognizing: weights, source: "tiny.pth")
  var graph = try configuration.graph(weights, options: options)
  if folded { try graph.apply([FoldBatchNormalization()]) }
  return graph
}

/// What a writer writes.
func bytes(
  _ graph: Graph, _ container: KerasWriter.Container, dataFormat: DataFormat = .channelsLast
) throws -> [UInt8] {
  try withTemporaryDirectory { directory in
    let path = directory + "/model"
    let writer = try KerasWriter(
      StoredModel(graph: graph), path: path, options: .init(container: container, dataFormat: dataFormat))
    var file = try OutputFile(path: path, overwrite: false)
    try writer.write(to: &file)
    try file.commit()
    return Array(try Data(contentsOf: URL(filePath: path)))
  }
}

/// A graph of one input and one chain of nodes.
func chain(_ type: TensorType = TensorType(.float32, [1, 4, 7, 7]), _ ops: Operator...) throws -> Graph {
  var graph = Graph(name: "chain")
  var x = try graph.addInput("x", type)
  for (index, op) in ops.enumerated() { x = try graph.addNode("node\(index)", op, inputs: [x])[0] }
  graph.setOutputs([x])
  return graph
}

/// A `.h5` file of a configuration, with the weights of layers by name.
func file(_ configuration: String, weights: [(layer: String, tensors: [Tensor])] = []) throws -> ByteRegion {
  let layout = try HDF5Layout(path: "made.h5") { (file) throws(ScaleNetError) in
    try file.setAttribute("/", "model_config", configuration)
    try file.createGroup("/model_weights")
    try file.setAttribute("/model_weights", "layer_names", weights.map(\.layer))
    for (layer, tensors) in weights {
      try file.createGroup("/model_weights/\(layer)")
      let names = tensors.indices.map { "w\($0)" }
      try file.setAttribute("/model_weights/\(layer)", "weight_names", names)
      for (name, tensor) in zip(names, tensors) {
        try file.createDataset("/model_weights/\(layer)/\(name)", tensor)
      }
    }
  }
  var bytes: [UInt8] = []
  try layout.stream { (span) throws(ScaleNetError) in
    unsafe span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }
  return .copying(bytes, origin: "made.h5")
}
