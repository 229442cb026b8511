import COnnx
import FileIO
import ModelIR

// Safe: messages belong to the arena, which lives until they are packed, and counts are those of the lists beside
// them.

extension ONNXWriter {
  /// C strings end at NUL, and keys of metadata stand for one value each.
  static func checkNames(_ model: StoredModel, _ options: Options, path: String) throws(ScaleNetError) {
    var texts = [
      model.graph.name, options.producerName, options.producerVersion, options.documentation ?? "",
    ]
    texts += model.graph.values.map(\.name) + model.graph.nodes.map(\.name)
    texts += model.metadata.flatMap { [$0.key, $0.value] }
    for value in model.graph.values {
      for case .symbolic(let name) in value.type.dimensions { texts.append(name) }
    }
    if let text = texts.first(where: { $0.utf8.contains(0) }) {
      throw .invalidModel(path: path, place: "name \(text)", expected: "no NUL", found: "one")
    }
    var keys = Set<String>()
    for (key, _) in model.metadata where !keys.insert(key).inserted {
      throw .invalidModel(path: path, place: "metadata", expected: "each key once", found: "\(key) twice")
    }
  }

  /// The model's fields before and after its graph.
  static func packModel(
    _ model: StoredModel, _ options: Options, _ arena: MessageArena
  ) -> (beginning: [UInt8], end: [UInt8]) {
    let beginning = unsafe arena.make(onnx__model_proto__init)
    unsafe beginning.pointee.has_ir_version = 1
    unsafe beginning.pointee.ir_version = Int64(options.effectiveIRVersion)
    unsafe beginning.pointee.producer_name = arena.string(options.producerName)
    if !options.producerVersion.isEmpty {
      unsafe beginning.pointee.producer_version = arena.string(options.producerVersion)
    }
    if let documentation = options.documentation {
      unsafe beginning.pointee.doc_string = arena.string(documentation)
    }
    let end = unsafe arena.make(onnx__model_proto__init)
    unsafe end.pointee.n_opset_import = 1
    unsafe end.pointee.opset_import = arena.messages([options.opset]) { unsafe arena.opset(version: $0) }
    unsafe end.pointee.n_metadata_props = model.metadata.count
    unsafe end.pointee.metadata_props = arena.messages(model.metadata) {
      unsafe arena.entry($0.key, $0.value)
    }
    return unsafe (arena.pack(beginning), arena.pack(end))
  }

  /// The graph's fields before and after its initializers.
  static func packGraph(
    _ graph: Graph, _ nodes: [NodeWriter], _ arena: MessageArena
  ) -> (beginning: [UInt8], end: [UInt8]) {
    let beginning = unsafe arena.make(onnx__graph_proto__init)
    unsafe beginning.pointee.n_node = nodes.count
    unsafe beginning.pointee.node = arena.messages(nodes) { unsafe arena.node($0) }
    // A graph must have a name.
    unsafe beginning.pointee.name = arena.string(graph.name.isEmpty ? "graph" : graph.name)
    let end = unsafe arena.make(onnx__graph_proto__init)
    let outputs = Set(graph.outputs)
    let between = graph.nodes.flatMap(\.outputs).filter { !outputs.contains($0) }
    unsafe end.pointee.n_input = graph.inputs.count
    unsafe end.pointee.input = arena.messages(graph.inputs) { unsafe arena.valueInfo(graph[$0]) }
    unsafe end.pointee.n_output = graph.outputs.count
    unsafe end.pointee.output = arena.messages(graph.outputs) { unsafe arena.valueInfo(graph[$0]) }
    unsafe end.pointee.n_value_info = between.count
    unsafe end.pointee.value_info = arena.messages(between) { unsafe arena.valueInfo(graph[$0]) }
    return unsafe (arena.pack(beginning), arena.pack(end))
  }
}
