import Execution
import ModelIR

/// An output of the left and its counterpart, by their places.
struct OutputPair {
  var left: Int
  var right: Int
  var order: AxisOrder

  /// Pairs by name, then the rest by order and shape. A recording's name may have lost what is no letter or digit.
  static func pairs(_ left: [NamedTensor], _ right: [NamedTensor]) -> [OutputPair] {
    func relation(_ a: Int, _ b: Int) -> AxisOrder? {
      AxisOrder.relations(left[a].tensor.shape.dimensions, right[b].tensor.shape.dimensions).first
    }
    func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
    var result: [OutputPair] = []
    var isTaken = [Bool](repeating: false, count: right.count)
    var rest: [Int] = []
    for (index, output) in left.enumerated() {
      let exact = right.indices.first { !isTaken[$0] && right[$0].name == output.name }
      let same = exact ?? right.indices.first { !isTaken[$0] && plain(right[$0].name) == plain(output.name) }
      if let same, let order = relation(index, same) {
        isTaken[same] = true
        result.append(OutputPair(left: index, right: same, order: order))
      } else {
        rest.append(index)
      }
    }
    for index in rest {
      for other in right.indices where !isTaken[other] {
        guard let order = relation(index, other) else { continue }
        isTaken[other] = true
        result.append(OutputPair(left: index, right: other, order: order))
        break
      }
    }
    return result.sorted { $0.left < $1.left }
  }
}
