import ModelIR

extension OperatorEncoder {
  /// Operators that choose, move or summarise axes.
  func encodeShape(_ node: Node, into encoding: inout NodeEncoding) {
    func add(_ name: String, _ values: [Int], shape: [Int]? = nil) {
      encoding.addConstant(
        name, Tensor(values.map { Int64($0) }, shape: TensorShape(shape ?? [values.count])), in: graph)
    }
    switch node.op {
    case .transpose(let op):
      encoding.set("perm", op.permutation)
    case .slice(let op):
      add("starts", op.starts)
      // An end before the first element would count from the back: the least number of all stands for it.
      add(
        "ends",
        op.starts.indices.map { index in
          let end = op.starts[index] + op.steps[index] * op.counts[index]
          return end < 0 ? Int(Int64.min) : end
        })
      add("axes", op.axes)
      add("steps", op.steps)
    case .gather(let op):
      encoding.set("axis", op.axis)
      add("indices", op.indices, shape: op.indexShape)
    case .reduce(let op):
      encoding.set("keepdims", op.keepsAxes)
      if opset >= 18 { add("axes", op.axes) } else { encoding.set("axes", op.axes) }
    case .expand(let op):
      add("shape", op.shape)
    default:
      break
    }
  }
}
