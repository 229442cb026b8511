package import FileIO
package import ModelIR

extension ONNXReader {
  /// What a file says of itself, whether its graph can be read or not.
  ///
  /// - Throws: if it is no ONNX model, or its tensors are damaged.
  package static func survey(_ file: ByteRegion, path: String) throws(ScaleNetError) -> GraphSurvey {
    let context = ParseContext(path: path, fileSize: file.count)
    let message = try file.withBytes { (bytes) throws(ScaleNetError) in
      try ModelMessage(bytes, context: context)
    }
    let opset = try opset(of: message, path: path)
    guard let graph = message.graph else {
      throw .invalidModel(path: path, place: "model", expected: "a graph", found: "none")
    }
    let external = ExternalDataReader(path: path, known: [:])
    let loader = TensorLoader(file: file, context: context, external: external)
    var tensors = StateDict()
    for initializer in graph.initializers {
      let tensor = try loader.tensor(initializer, name: initializer.name)
      guard tensors.append(initializer.name, tensor) else {
        throw .invalidModel(
          path: path, place: initializer.place, expected: "a name of its own",
          found: "a second \(initializer.name)")
      }
    }
    try file.checkIntact()
    let summary = summary(of: message, graph)
    var unknown: [String] = []
    var seen = Set<String>()
    let functions = Set(message.functions.map(\.key))
    for node in graph.nodes + message.functions.flatMap(\.nodes)
    where !functions.contains(
      FunctionMessage.Key(domain: node.domain, name: node.op, overload: node.overload))
    {
      let domain = node.domain == "ai.onnx" ? "" : node.domain
      let handler = OperatorTable.handler(domain: domain, op: node.op)
      if handler?.isDefined(opset: domain.isEmpty ? opset : 1) == true { continue }
      let name = Self.name(of: node)
      if seen.insert(name).inserted { unknown.append(name) }
    }
    // A branch that the graph decides is what is refused, where everything else is known.
    if unknown.isEmpty, graph.nodes.contains(where: { $0.op == "If" && $0.domain.isEmpty }) {
      unknown = ["If with a condition that the graph computes"]
    }
    var open: [String] = []
    for port in summary.inputs {
      for case .open(let name) in (port.shape ?? []).dropFirst()
      where name == "?" || seen.insert("open \(name)").inserted {
        open.append(name == "?" ? "one of \(port.name) without a name" : name)
      }
    }
    return GraphSurvey(summary: summary, tensors: tensors, unknownOperators: unknown, openExtents: open)
  }

  /// The operator of a node, behind its domain where that is not ONNX's own.
  private static func name(of node: NodeMessage) -> String {
    node.domain.isEmpty || node.domain == "ai.onnx" ? node.op : "\(node.domain).\(node.op)"
  }

  /// What a parsed model says of itself.
  static func summary(of message: ModelMessage, _ graph: GraphMessage) -> GraphSummary {
    var initializers: [GraphSummary.Initializer] = []
    var stored = Set<String>()
    for initializer in graph.initializers {
      stored.insert(initializer.name)
      let extents = initializer.dimensions.map { Int($0) }
      let type = DataType(onnxNumber: initializer.dataType)
      let count = TensorShape(checking: extents)?.elementCount ?? 0
      initializers.append(
        GraphSummary.Initializer(
          name: initializer.name, type: type?.rawValue ?? DataType.onnxName(initializer.dataType),
          shape: extents, bytes: count.saturatingMultiplied(by: type?.byteCount ?? 1)))
    }
    var summary = GraphSummary(
      name: graph.name, inputs: graph.inputs.filter { !stored.contains($0.name) }.map(port),
      outputs: graph.outputs.map(port), operators: graph.nodes.map { name(of: $0) },
      initializers: initializers,
      metadata: message.metadata.map { GraphSummary.Entry(key: $0.key, value: $0.value) })
    summary.producer = message.producer.name.isEmpty ? nil : message.producer.name
    summary.producerVersion = message.producer.version.isEmpty ? nil : message.producer.version
    summary.irVersion = message.irVersion.map { Int($0) }
    summary.opsets = message.opsets.map {
      GraphSummary.OperatorSet(domain: $0.domain.isEmpty ? "ai.onnx" : $0.domain, version: Int($0.version))
    }
    summary.functions = message.functions.count
    return summary
  }

  private static func port(_ value: ValueMessage) -> GraphSummary.Port {
    let type = value.elementType.map { DataType(onnxNumber: $0)?.rawValue ?? DataType.onnxName($0) }
    let shape = value.extents?.map { extent -> GraphSummary.Extent in
      if !extent.isOpen, let number = extent.value { return .fixed(Int(number)) }
      return .open(extent.name.isEmpty ? "?" : extent.name)
    }
    return GraphSummary.Port(name: value.name, type: type, shape: shape)
  }
}
