import FileIO
import ModelIR

/// What a node does: another operator, or another attribute of the same.
enum AttributeCauses: CauseFamily {
  static func hypotheses(_ site: Site) -> [Hypothesis] {
    guard let own = site.ownNode, let other = site.otherNode, differ(own.op, other.op) else { return [] }
    guard own.op.family != other.op.family else {
      var found = hypothesis(own, other)
      if isAnotherTranspose(site.own, own) || isAnotherTranspose(site.other, other) {
        found.kind = .inputLayout
      }
      return [found]
    }
    guard let transplant = site.transplant(site.otherTarget, isAnew: true) else { return [] }
    func region(_ view: GraphView, _ node: Node, _ region: (ValueID) -> [Int]) -> [Node] {
      Set(node.inputs.compactMap { $0 }.flatMap(region)).sorted().map { view.graph.nodes[$0] }
    }
    let before = region(site.own, own, site.ownRegion)
    let otherBefore = region(site.other, other, site.otherRegion)
    guard min(before.count, otherBefore.count) < WiringCauses.mostExchanged else { return [] }
    let integers = (own: before.filter(\.op.isOnIntegers), other: otherBefore.filter(\.op.isOnIntegers))
    if integers.own.isEmpty != integers.other.isEmpty {
      let (has, otherHas) = (text(own), text(other))
      return [
        Hypothesis(
          kind: .quantizedWeights, node: own.name, otherNode: other.name,
          has: integers.own.isEmpty ? has : text(onIntegers: integers.own),
          otherHas: integers.other.isEmpty ? otherHas : text(onIntegers: integers.other),
          edits: [.replace(node: own.name, transplant)], signature: integerSignature)
      ]
    }
    let edits = [GraphEdit.replace(node: own.name, transplant)]
    if !before.isEmpty || !otherBefore.isEmpty || own.op.isRearrangement != other.op.isRearrangement {
      return [WiringCauses.exchange(site, before + [own], otherBefore + [other], edits)]
    }
    if let found = convolutionLeftOut(own, other, edits) { return [found] }
    let (has, otherHas) = texts(own.op, other.op)
    return [
      Hypothesis(
        kind: kind([own.op], [other.op]), node: own.name, otherNode: other.name, has: has, otherHas: otherHas,
        edits: edits, signature: signature([own.op], [other.op], has, otherHas))
    ]
  }

  /// A convolution that one side lacks, while the normalisation is there that the other has in the convolution's weights.
  private static func convolutionLeftOut(_ own: Node, _ other: Node, _ edits: [GraphEdit]) -> Hypothesis? {
    func isConvolution(_ node: Node) -> Bool { if case .conv = node.op { true } else { false } }
    func isNormalization(_ node: Node) -> Bool {
      if case .batchNormalization = node.op { true } else { false }
    }
    guard isConvolution(own) && isNormalization(other) || isNormalization(own) && isConvolution(other) else {
      return nil
    }
    func words(_ node: Node) -> String { isConvolution(node) ? text(node) : "\(text(node)) without one" }
    return Hypothesis(
      kind: isConvolution(own) ? .missingNode : .addedNode, node: own.name, otherNode: other.name,
      has: words(own), otherHas: words(other), edits: edits, signature: "\(own.op.name)/\(other.op.name)")
  }

  private static func hypothesis(_ own: Node, _ other: Node) -> Hypothesis {
    let (has, otherHas) = texts(own.op, other.op)
    return Hypothesis(
      kind: kind([own.op], [other.op]), node: own.name, otherNode: other.name, has: has, otherHas: otherHas,
      edits: [.setOperator(node: own.name, asWritten(other.op, in: own.op))],
      signature: signature([own.op], [other.op], has, otherHas))
  }

  /// Whether a node turns an image before the node that turns it for the network.
  private static func isAnotherTranspose(_ view: GraphView, _ node: Node) -> Bool {
    guard case .transpose = node.op, view.isInput(node.inputs[0]) else { return false }
    return view.consumers[node.outputs[0].index].contains { index in
      if case .transpose = view.graph.nodes[index].op { true } else { false }
    }
  }

  /// What another operator computes, with the weights as this one has them: one may hold a matrix, and the other its
  /// transpose.
  private static func asWritten(_ other: Operator, in own: Operator) -> Operator {
    guard case .gemm(let own) = own, case .gemm(var gemm) = other else { return other }
    (gemm.transA, gemm.transB) = (own.transA, own.transB)
    return .gemm(gemm)
  }

  /// Functions are the same change where both sides have the same ones. Of windows and the like the kind is enough: other
  /// margins follow from other extents.
  private static func signature(
    _ own: [Operator], _ other: [Operator], _ has: String, _ otherHas: String
  ) -> String {
    let isWindow = own[0].family == other[0].family && !own[0].isActivation
    return isWindow ? "" : "\(has)/\(otherHas)"
  }

  /// The signature of operators on integers in the place of others, wherever they stand.
  static let integerSignature = "integers"

  /// Whether two operators do not compute the same; how an extent or a layout is written down does not count.
  static func differ(_ a: Operator, _ b: Operator) -> Bool {
    guard a.family == b.family else { return true }
    return !differing(a, b).isEmpty
  }

  /// `operators on integers (ConvInteger, DynamicQuantizeLinear)`.
  static func text(onIntegers nodes: [Node]) -> String {
    "operators on integers (\(Set(nodes.map(\.op.name)).sorted().joined(separator: ", ")))"
  }

  /// `Conv conv1`; of a Reshape, which says nothing else, with its extents.
  static func text(_ node: Node) -> String {
    let named = "\(node.op.name) \(node.name.escapedWhole)"
    if case .reshape(let reshape) = node.op { return "\(named) to \(reshape.shape)" }
    return named
  }

  /// Attributes by name, windows and the like taken apart, as text.
  private static func attributes(_ op: Operator) -> [(name: String, value: String)] {
    switch op {
    case .resize(let resize):
      // What a mode does not look at is no difference.
      var found = [
        ("mode", resize.mode.rawValue), ("coordinates", resize.coordinateTransformation.rawValue),
      ]
      if resize.mode == .nearest { found.append(("rounding", resize.nearestMode.rawValue)) }
      if resize.mode == .cubic { found.append(("cubic coefficient", "\(resize.cubicCoefficient)")) }
      if resize.mode != .nearest {
        found += [("antialias", "\(resize.antialias)"), ("outside left out", "\(resize.excludesOutside)")]
      }
      return found
    case .gemm(let gemm): return [("alpha", "\(gemm.alpha)"), ("beta", "\(gemm.beta)")]
    case .reshape, .flatten, .identity, .cast: return []
    case .unary(let function): return parameters(function)
    case .binary(let function): return parameters(function)
    default: return parts(op.kind)
    }
  }

  /// The parameters of a function: what stands in parentheses behind its case.
  private static func parameters(_ function: Any) -> [(name: String, value: String)] {
    guard let payload = Mirror(reflecting: function).children.first?.value else { return [] }
    let labelled = Mirror(reflecting: payload)
    return labelled.displayStyle == .tuple ? parts(payload) : [("value", "\(payload)")]
  }

  private static func parts(_ value: Any) -> [(name: String, value: String)] {
    Mirror(reflecting: value).children.flatMap { child -> [(name: String, value: String)] in
      let name = child.label ?? ""
      if let window = child.value as? Window { return parts(window) }
      return [(name, "\(child.value)")]
    }
  }

  /// The attributes in which two operators differ; what one of them does not look at is no difference.
  private static func differing(
    _ a: Operator, _ b: Operator
  ) -> [(name: String, own: String, other: String)] {
    let others = Dictionary(
      attributes(b).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    return attributes(a).compactMap { name, own in
      others[name].flatMap { $0 == own ? nil : (name, own, $0) }
    }
  }

  /// What each side has, in words.
  static func texts(_ a: Operator, _ b: Operator) -> (own: String, other: String) {
    guard a.family == b.family else { return (text(a), text(b)) }
    if case (.resize(let own), .resize(let other)) = (a, b),
      differing(a, b).allSatisfy({ ["mode", "coordinates", "rounding"].contains($0.name) })
    {
      return (text(own), text(other))
    }
    if case (.averagePool(let own), .averagePool(let other)) = (a, b), own.window == other.window,
      own.ceilMode == other.ceilMode
    {
      func text(_ counts: Bool) -> String { "margins that \(counts ? "" : "do not ")count in the mean" }
      return (text(own.countIncludePad), text(other.countIncludePad))
    }
    if case (.unary(.gelu(let own)), .unary(.gelu(let other))) = (a, b), own != other {
      func text(_ isTanh: Bool) -> String {
        "Gelu by \(isTanh ? "its approximation with tanh" : "the error function")"
      }
      return (text(own), text(other))
    }
    let found = differing(a, b)
    return (
      found.map { "\(words($0.name)) \($0.own)" }.joined(separator: ", "),
      found.map { "\(words($0.name)) \($0.other)" }.joined(separator: ", ")
    )
  }

  private static func text(_ op: Operator) -> String {
    let found = attributes(op).map { "\(words($0.name)) \($0.value)" }.joined(separator: ", ")
    return op.isActivation && !found.isEmpty ? "\(op.name) (\(found))" : op.name
  }

  private static func text(_ resize: Resize) -> String {
    let rounding = resize.mode == .nearest ? ", \(resize.nearestMode.rawValue)" : ""
    return "\(resize.mode.rawValue) (\(resize.coordinateTransformation.rawValue)\(rounding))"
  }

  private static func words(_ name: String) -> String {
    switch name {
    case "pads": "margins"
    case "group": "groups"
    case "ceilMode": "extents rounded up:"
    case "countIncludePad": "margins count in the mean:"
    default: name
    }
  }

  /// What an exchange of operators is called.
  static func kind(_ own: [Operator], _ other: [Operator]) -> DiffReport.CauseKind {
    if own.count == 1, other.count == 1, own[0].family == other[0].family { return kind(own[0], other[0]) }
    let all = own + other
    if all.allSatisfy(\.isPool) { return .pooling }
    let isFunction = all.allSatisfy { $0.isActivation || $0.isMultiplication }
    return isFunction && all.contains(where: \.isActivation) ? .activation : .operator
  }

  private static func kind(_ a: Operator, _ b: Operator) -> DiffReport.CauseKind {
    let names = Set(differing(a, b).map(\.name))
    if names.contains("strides") { return .stride }
    if names.contains("dilations") { return .dilation }
    if names.contains("group") { return .groups }
    if names.contains("epsilon") { return .batchNormEpsilon }
    if names.contains("mode") || names.contains("rounding"), case .resize = a { return .resizeMode }
    if names.contains("coordinates") { return .alignCorners }
    if case .resize = a { return .resizeMode }
    if a.isPool, names.contains("kernel") || names.contains("axes") { return .pooling }
    if !names.isDisjoint(with: ["pads", "ceilMode", "countIncludePad"]) { return .padding }
    if a.isActivation { return .activation }
    return .attribute
  }
}

extension Operator {
  fileprivate var isMultiplication: Bool {
    switch self {
    case .binary(.mul), .binary(.add), .binary(.div): true
    default: false
    }
  }
}
