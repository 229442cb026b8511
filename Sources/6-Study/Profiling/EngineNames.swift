import ModelIR

/// What the names of an engine's layers stand for in the graph that the engine was built from.
///
/// TensorRT joins the names of what it fuses by ` + `, of parallel layers that it merged by ` || `, and puts pointwise
/// operations into `PWN(...)`; `{ForeignNode[a...b]}` is a part of the network from `a` to `b`. Constants that are layers
/// have names of values. What it inserts is named after the layer that it serves: `Reformatting CopyNode for Input Tensor 0
/// to X`, `reshape_before_X`, `X copy`.
struct EngineNames {
  /// What one name stands for.
  struct Reading {
    /// Nodes that the layer computes.
    var nodes: [Int] = []
    /// Nodes from the first to the last of a `ForeignNode`; what other layers compute is not among what it computes.
    var span: ClosedRange<Int>?
    /// Nodes that a copy or reshape was inserted for.
    var served: [Int] = []
    /// Whether the whole layer is a change of format.
    var isReformat = false
    /// Whether the layer moves data between processor and device, or waits for that.
    var isTransfer = false
    /// Whether parts are of TensorRT's own making.
    var hasInserted = false
    /// Whether parts are the network's constants.
    var hasConstants = false
    /// Parts that nothing has the name of.
    var unknown: [String] = []
  }

  /// What begins the name of a layer that moves data, or waits for that.
  private static let transfers = [
    "[HostToDeviceCopy", "[DeviceToHostCopy", "[ShapeHostToDevice", "[DeviceToShapeHost", "[trainStation",
  ]
  /// How unnamed layers end that the parser of ONNX adds; others are nodes without a name.
  private static let helpers = ["[Shuffle]", "[Constant]", "[Identity]", "[Cast]", "[Shape]"]
  /// The most parts that may be one name which has a separator in it.
  private static let longestName = 6
  /// More brackets within brackets than TensorRT writes.
  private static let deepest = 64

  private let graph: Graph
  private let nodes: [String: Int]
  private let producers: [Int?]
  private let consumers: [[Int]]

  init(_ graph: Graph) {
    self.graph = graph
    var nodes: [String: Int] = [:]
    for (index, node) in graph.nodes.enumerated() where !node.name.isEmpty {
      nodes[node.name] = nodes[node.name] ?? index
    }
    self.nodes = nodes
    producers = graph.producers()
    consumers = graph.consumers()
  }

  /// The node that writes a value; nil for inputs, constants and unknown names.
  func producer(ofValue name: String) -> Int? { graph.value(named: name).flatMap { producers[$0.index] } }

  /// The nodes that `[ONNX Layer: NAME]` names, and names that no node has. What stands between the entries depends on the
  /// version, and a name may have brackets of its own.
  func metadata(_ text: String) -> (nodes: [Int], unknown: [String]) {
    var found: [Int] = []
    var unknown: [String] = []
    for entry in text.pieces(separatedBy: "[ONNX Layer: ").dropFirst() {
      guard let end = entry.lastIndex(of: "]") else { continue }
      let name = String(entry[..<end])
      if let node = node(name) { found.append(node) } else { unknown.append(name) }
    }
    return (found, unknown)
  }

  func reading(_ name: String) -> Reading {
    var reading = Reading()
    var name = name[...]
    if let suffix = name.range(ofLast: " [profile "), name.hasSuffix("]") {
      name = name[..<suffix.lowerBound]
    }
    if Self.transfers.contains(where: name.hasPrefix) {
      reading.isTransfer = true
      return reading
    }
    if let target = Self.reformatted(name) {
      read(target, into: &reading)
      if let span = reading.span { reading.nodes.append(contentsOf: [span.lowerBound, span.upperBound]) }
      reading.served += reading.nodes
      reading.nodes = []
      reading.span = nil
      reading.isReformat = true
    } else {
      read(name, into: &reading)
    }
    reading.nodes = reading.nodes.withoutRepetition
    reading.served = reading.served.withoutRepetition
    return reading
  }

  /// `X` of `Reformatting CopyNode for Input Tensor 0 to X` and of `X output reformatter 0`.
  private static func reformatted(_ name: Substring) -> Substring? {
    if name.hasPrefix("Reformatting CopyNode for "), let middle = name.range(ofFirst: " to ") {
      return name[middle.upperBound...]
    }
    for kind in [" input reformatter ", " output reformatter "] {
      if let middle = name.range(ofLast: kind), name[middle.upperBound...].allSatisfy(\.isNumber) {
        return name[..<middle.lowerBound]
      }
    }
    return nil
  }

  /// Reads a name, or what stands within brackets of one.
  private func read(_ text: Substring, depth: Int = 0, into reading: inout Reading) {
    if let node = node(text) { return reading.nodes.append(node) }
    guard depth < Self.deepest else { return reading.unknown.append(String(text)) }
    for separator in [" || ", ", ", " + "] {
      let pieces = text.pieces(separator)
      guard pieces.count > 1 else { continue }
      return read(pieces, joinedBy: separator, depth: depth, into: &reading)
    }
    if text.hasPrefix("PWN("), text.hasSuffix(")") {
      return read(text.dropFirst(4).dropLast(), depth: depth + 1, into: &reading)
    }
    if text.hasPrefix("{ForeignNode["), text.hasSuffix("]}") {
      return readSpan(text.dropFirst(13).dropLast(2), into: &reading)
    }
    part(text, into: &reading)
  }

  /// Reads pieces one by one, but for those that are a node's name together.
  private func read(
    _ pieces: [Substring], joinedBy separator: String, depth: Int, into reading: inout Reading
  ) {
    var index = 0
    while index < pieces.count {
      let joined = (index + 1..<min(pieces.count, index + Self.longestName)).reversed().first { last in
        node(pieces[index...last].joined(separator: separator)[...]) != nil
      }
      if let last = joined {
        read(pieces[index...last].joined(separator: separator)[...], depth: depth, into: &reading)
        index = last + 1
      } else {
        read(pieces[index], depth: depth + 1, into: &reading)
        index += 1
      }
    }
  }

  /// `a...b` or `a`: the nodes between, in the order of the graph. An end may be a constant.
  private func readSpan(_ text: Substring, into reading: inout Reading) {
    func end(_ name: Substring, isFirst: Bool) -> Int? {
      if let node = node(name) { return node }
      guard let id = graph.value(named: String(name)) else { return nil }
      let users = consumers[id.index] + [producers[id.index]].compactMap { $0 }
      return isFirst ? users.min() : users.max()
    }
    var ends = (first: text, last: text)
    // Names may have dots of their own.
    let places = text.occurrences(of: "...")
    if let place = places.first(where: {
      node(text[..<$0.lowerBound]) != nil || node(text[$0.upperBound...]) != nil
    })
      ?? places.first
    {
      ends = (text[..<place.lowerBound], text[place.upperBound...])
    }
    switch (end(ends.first, isFirst: true), end(ends.last, isFirst: false)) {
    case (let first?, let last?): reading.span = min(first, last)...max(first, last)
    case (let first?, nil):
      reading.nodes.append(first)
      part(ends.last, into: &reading)
    case (nil, let last?):
      reading.nodes.append(last)
      part(ends.first, into: &reading)
    case (nil, nil): reading.unknown.append(String(text))
    }
  }

  /// A name that is no fusion of several.
  private func part(_ text: Substring, into reading: inout Reading) {
    if let node = node(text) { return reading.nodes.append(node) }
    if let id = graph.value(named: String(text)) {
      if graph[id].initializer != nil { reading.hasConstants = true } else { reading.hasInserted = true }
      if let producer = producers[id.index] { reading.served.append(producer) }
      return
    }
    if text.hasSuffix(" copy"), let id = graph.value(named: String(text.dropLast(5))) {
      // A Concat is made of copies of its inputs into one place.
      let concat = consumers[id.index].first { index in
        if case .concat = graph.nodes[index].op { return true }
        return false
      }
      if let concat { return reading.nodes.append(concat) }
      reading.hasInserted = true
      if let producer = producers[id.index] { reading.served.append(producer) }
      return
    }
    if let base = text.withoutNumber(after: "_clone_") ?? text.withoutNumber(after: " clone ") {
      return part(base, into: &reading)
    }
    if let place = text.range(ofLast: "_myl"), let node = node(text[..<place.lowerBound]) {
      return reading.nodes.append(node)
    }
    if text.hasPrefix("ONNXTRT_")
      || (text.hasPrefix("(Unnamed Layer*") && Self.helpers.contains(where: text.hasSuffix))
    {
      reading.hasInserted = true
      return
    }
    for kind in ["_before_", "_after_"] {
      // `reshape_before_/fc/MatMul`, `squeeze_node_after_conv1`, `reshape_after_/fc/MatMul_copy_input`.
      guard let place = text.range(ofFirst: kind),
        text[..<place.lowerBound].allSatisfy({ $0.isLetter || $0 == "_" })
      else { continue }
      reading.hasInserted = true
      var base = text[place.upperBound...]
      for suffix in ["_copy_input", "_copy_output"] where base.hasSuffix(suffix) {
        base = base.dropLast(suffix.count)
      }
      if let node = node(base) ?? producer(ofValue: String(base)) { reading.served.append(node) }
      return
    }
    for suffix in ["_copy_input", "_copy_output", " copy"] where text.hasSuffix(suffix) {
      guard let node = node(text.dropLast(suffix.count)) else { continue }
      reading.hasInserted = true
      return reading.served.append(node)
    }
    reading.unknown.append(String(text))
  }

  private func node(_ name: Substring) -> Int? { nodes[String(name)] }
  private func node(_ name: String) -> Int? { nodes[name] }
}

extension [Int] {
  /// The same in the same order, each once.
  fileprivate var withoutRepetition: [Int] {
    var seen = Set<Int>()
    return filter { seen.insert($0).inserted }
  }
}

extension Substring {
  /// The pieces between separators that stand outside of all brackets.
  fileprivate func pieces(_ separator: String) -> [Substring] {
    let bytes = utf8
    let mark = Array(separator.utf8)
    var result: [Substring] = []
    var depth = 0
    var start = startIndex
    var index = startIndex
    while index < endIndex {
      switch bytes[index] {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case mark[0] where depth == 0 && bytes[index...].starts(with: mark):
        result.append(self[start..<index])
        index = bytes.index(index, offsetBy: mark.count)
        start = index
        continue
      default: break
      }
      index = bytes.index(after: index)
    }
    result.append(self[start...])
    return result
  }

  fileprivate func occurrences(of text: String) -> [Range<Index>] {
    var result: [Range<Index>] = []
    var rest = self
    while let range = rest.range(ofFirst: text) {
      result.append(range)
      rest = self[range.upperBound...]
    }
    return result
  }

  fileprivate func range(ofFirst text: String) -> Range<Index>? {
    let mark = Array(text.utf8)
    var index = startIndex
    while index < endIndex {
      if utf8[index] == mark[0], utf8[index...].starts(with: mark) {
        return index..<utf8.index(index, offsetBy: mark.count)
      }
      index = utf8.index(after: index)
    }
    return nil
  }

  fileprivate func range(ofLast text: String) -> Range<Index>? { occurrences(of: text).last }

  /// What stands before a mark and a number at the end.
  fileprivate func withoutNumber(after mark: String) -> Substring? {
    guard let range = range(ofLast: mark), range.upperBound < endIndex,
      self[range.upperBound...].allSatisfy(\.isNumber)
    else { return nil }
    return self[..<range.lowerBound]
  }
}

extension String {
  /// The pieces between separators, wherever they stand.
  fileprivate func pieces(separatedBy separator: String) -> [Substring] {
    var result: [Substring] = []
    var start = startIndex
    for range in self[...].occurrences(of: separator) {
      result.append(self[start..<range.lowerBound])
      start = range.upperBound
    }
    result.append(self[start...])
    return result
  }
}
