import Execution
import FileIO
import ModelIR

/// Runs both graphs and compares the values of pairs.
///
/// The left's values are kept until the right's arrive, as many at a time as the budget allows; beyond it the graphs
/// run again for the rest.
struct PairRunner {
  let engine: DiffEngine
  let left: (graph: Graph, inputs: [String: Tensor])
  let right: (graph: Graph, inputs: [String: Tensor])
  var budget = 512 << 20

  /// Deviations of pairs, in their order, computed in `Scalar`.
  func deviations<Scalar: DiffScalar>(
    _ pairs: [ValuePair], _ tolerance: ElementTolerance, in scalar: Scalar.Type
  ) throws(ScaleNetError) -> [Deviation] {
    var result = [Deviation](repeating: .incomparable, count: pairs.count)
    var start = 0
    while start < pairs.count {
      var bytes = 0
      var end = start
      while end < pairs.count {
        bytes += (leftType(pairs[end]).shape?.elementCount ?? 0) * MemoryLayout<Scalar>.size
        if bytes > budget && end > start { break }
        end += 1
      }
      try compare(pairs, start..<end, tolerance, into: &result, in: scalar)
      start = end
    }
    return result
  }

  private func leftType(_ pair: ValuePair) -> TensorType {
    left.graph[left.graph.nodes[pair.leftNode].outputs[0]].type
  }

  private func compare<Scalar: DiffScalar>(
    _ pairs: [ValuePair], _ range: Range<Int>, _ tolerance: ElementTolerance, into result: inout [Deviation],
    in scalar: Scalar.Type
  ) throws(ScaleNetError) {
    var byLeft: [ValueID: Int] = [:]
    var byRight: [ValueID: Int] = [:]
    for index in range where pairs[index].order != nil {
      byLeft[left.graph.nodes[pairs[index].leftNode].outputs[0]] = index
      byRight[right.graph.nodes[pairs[index].rightNode].outputs[0]] = index
    }
    var kept: [Int: [Scalar]] = [:]
    try Scalar.run(engine, left.graph, left.inputs) { (id, tensor) throws(ScaleNetError) in
      guard let index = byLeft[id] else { return }
      kept[index] = try Scalar.elements(tensor, of: left.graph[id].name)
    }
    try Scalar.run(engine, right.graph, right.inputs) { (id, tensor) throws(ScaleNetError) in
      guard let index = byRight[id], let own = kept.removeValue(forKey: index),
        let order = pairs[index].order,
        let shape = leftType(pairs[index]).shape, let ordered = order.apply(to: tensor, shape: shape)
      else { return }
      let others = try Scalar.elements(ordered, of: right.graph[id].name)
      result[index] = Deviation(own, others, tolerance)
    }
  }
}
