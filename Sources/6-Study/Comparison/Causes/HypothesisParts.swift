import ModelIR

/// A fault of several that stand side by side, which only one change undoes.
struct HypothesisPart {
  var kind: DiffReport.CauseKind
  var node: String?
  var otherNode: String?
  var tensor: String?
  var has: String
  var otherHas: String
}

/// Takes an exchange of several nodes for several others apart: a pool of another kind behind an activation that is left
/// out is two faults.
enum HypothesisParts {
  /// What a node does in a network; neighbours that do the same are one unit, as an activation may be several nodes.
  private enum Role {
    case function, junction, pool, linear, normalization, movement, other
  }

  private static func role(_ op: Operator) -> Role {
    if op.isPool { return .pool }
    switch op {
    case .unary, .binary, .softmax, .logSoftmax, .cast: return .function
    case .conv, .convTranspose, .gemm, .matMul: return .linear
    case .batchNormalization, .layerNormalization, .instanceNormalization, .groupNormalization,
      .rmsNormalization, .lrn:
      return .normalization
    case .reshape, .flatten, .transpose, .squeeze, .unsqueeze, .slice, .concat, .pad, .resize, .expand,
      .gather:
      return .movement
    default: return .other
    }
  }

  private static func units(
    _ nodes: [Node], _ isConstant: (ValueID) -> Bool
  ) -> [(role: Role, nodes: [Node])] {
    // The values from outside that each value comes from.
    var sources: [ValueID: Set<ValueID>] = [:]
    func source(_ id: ValueID?) -> Set<ValueID> {
      guard let id, !isConstant(id) else { return [] }
      return sources[id] ?? [id]
    }
    var result: [(role: Role, nodes: [Node])] = []
    for node in nodes {
      var own = role(node.op)
      let read = node.inputs.map(source)
      for id in node.outputs { sources[id] = read.reduce([]) { $0.union($1) } }
      // Where ways meet that come from different values: a residual's Add, not a part of an activation.
      if case .binary = node.op, read.count == 2, read[0] != read[1], !read.contains([]) { own = .junction }
      if own == .function, let last = result.last, last.role == own {
        result[result.count - 1].nodes.append(node)
      } else {
        result.append((own, [node]))
      }
    }
    return result
  }

  /// The faults that an exchange is made of; empty where it is but one.
  static func parts(
    _ own: [Node], _ other: [Node], isConstant: (own: (ValueID) -> Bool, other: (ValueID) -> Bool),
    areSame: ([Node], [Node]) -> Bool, text: ([Node]) -> String,
    kind: ([Node], [Node]) -> DiffReport.CauseKind
  ) -> [HypothesisPart] {
    let (a, b) = (units(own, isConstant.own), units(other, isConstant.other))
    guard !a.isEmpty, !b.isEmpty, a.count + b.count > 2, a.count + b.count <= 6 else { return [] }
    // The longest list of roles that both have in this order.
    var lengths = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in a.indices.reversed() {
      for j in b.indices.reversed() {
        lengths[i][j] =
          a[i].role == b[j].role
          ? lengths[i + 1][j + 1] + 1 : max(lengths[i + 1][j], lengths[i][j + 1])
      }
    }
    // Where units may be paired in several ways, each would tell of other faults.
    func ways(_ i: Int, _ j: Int) -> Int {
      if lengths[i][j] == 0 { return 1 }
      var sum = 0
      for p in i..<a.count {
        for q in j..<b.count
        where a[p].role == b[q].role && lengths[p][q] == lengths[i][j]
          && lengths[p + 1][q + 1] == lengths[i][j] - 1
        {
          sum += ways(p + 1, q + 1)
        }
      }
      return sum
    }
    guard lengths[0][0] > 0, ways(0, 0) == 1 else { return [] }
    var result: [HypothesisPart] = []
    func add(_ own: [Node], _ other: [Node]) {
      result.append(
        HypothesisPart(
          kind: kind(own, other), node: own.first?.name, otherNode: other.first?.name,
          has: own.isEmpty ? "nothing there" : text(own),
          otherHas: other.isEmpty ? "nothing there" : text(other)))
    }
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      if i < a.count, j < b.count, a[i].role == b[j].role, lengths[i][j] == lengths[i + 1][j + 1] + 1 {
        let areAlike =
          (a[i].nodes.count == b[j].nodes.count
            && zip(a[i].nodes, b[j].nodes).allSatisfy { !AttributeCauses.differ($0.op, $1.op) })
          || areSame(a[i].nodes, b[j].nodes)
        if !areAlike { add(a[i].nodes, b[j].nodes) }
        i += 1
        j += 1
      } else if j == b.count || (i < a.count && lengths[i + 1][j] >= lengths[i][j + 1]) {
        add(a[i].nodes, [])
        i += 1
      } else {
        add([], b[j].nodes)
        j += 1
      }
    }
    return result.count > 1 ? result : []
  }
}
