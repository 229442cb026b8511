import FileIO

/// How a layer is called.
struct InboundCall {
  /// What it reads: layers, and the entries of the model that these are or are in.
  var layers: [(layer: Int, entry: Int)] = []
  /// A number in place of a layer, and whether it comes first.
  var operand: (value: Double, isFirst: Bool)?
  var isTraining = false
}

extension LayerListReader {
  /// The layers that a layer reads. It must be called once.
  func inbound(
    _ json: JSON, _ entry: ModelScope.Entry, _ scope: ModelScope
  ) throws(ScaleNetError) -> InboundCall {
    func invalid(_ expected: String, _ found: String) -> ScaleNetError {
      .invalidLayer(
        path: path, layer: entry.name, className: entry.className, place: "inbound_nodes", expected: expected,
        found: found)
    }
    let layerClass = LayerClass(rawValue: entry.className)
    guard case .array(let nodes) = json else { throw invalid("a list", json.kind) }
    var call = InboundCall()
    if layerClass == .input {
      guard nodes.isEmpty else { throw invalid("none", json.kind) }
      return call
    }
    guard nodes.count == 1 else { throw invalid("one use of the layer", "\(nodes.count)") }
    var references: [JSON]
    var options: [JSON.Member] = []
    if let arguments = nodes[0]["args"] {
      // Arithmetic has two arguments, of which one may be a number; other layers one, which may be a list.
      let isBinary = layerClass?.isArithmetic == true
      guard case .array(let items) = arguments, items.count == 1 || (items.count == 2 && isBinary) else {
        throw invalid("one argument", arguments.kind)
      }
      references = items
      if items.count == 1, case .array(let tensors) = items[0] { references = tensors }
      if items.count == 2, let index = items.firstIndex(where: { $0.double != nil }) {
        call.operand = items[index].double.map { ($0, index == 0) }
        references.remove(at: index)
      }
      if case .object(let members)? = nodes[0]["kwargs"] { options = members }
    } else if case .array(let items) = nodes[0] {
      references = items
      for case .array(let parts) in items where parts.count == 4 {
        if case .object(let members) = parts[3] { options += members }
      }
    } else {
      throw invalid("a list of layers", nodes[0].kind)
    }
    for reference in references {
      guard let found = history(reference).flatMap({ resolve($0, scope) }) else {
        throw invalid("the first output of a layer of the model", reference.kind)
      }
      call.layers.append(found)
    }
    guard !call.layers.isEmpty else { throw invalid("at least one layer", "none") }
    for option in options where option.key != "training" && option.value != .null {
      throw invalid("no arguments but tensors", option.key)
    }
    call.isTraining = options.contains { $0.key == "training" && $0.value == .bool(true) }
    return call
  }

  /// `["name", node, tensor]`, which Keras 3 wraps in the description of a tensor.
  private func history(_ json: JSON) -> JSON? {
    guard case .object = json else { return json }
    guard json["class_name"] == .string("__keras_tensor__") else { return nil }
    return json["config"]?["keras_history"]
  }
}
