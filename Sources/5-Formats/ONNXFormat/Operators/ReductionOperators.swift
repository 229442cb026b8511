import FileIO
import ModelIR

/// Reductions of axes, and what is found or summed along one.
enum ReductionOperators {
  static let handlers: [OperatorHandler] =
    Reduce.Function.allCases.map { OperatorHandler($0.rawValue, readReduce) } + [
      OperatorHandler("ArgMax", readArgExtremum), OperatorHandler("ArgMin", readArgExtremum),
      OperatorHandler("TopK", readTopK), OperatorHandler("CumSum", since: 11, readCumSum),
      OperatorHandler("CumProd", since: 26, readCumProd),
    ]

  /// Axes stand in an attribute until opset 17 (ReduceSum: 12), and then in an input.
  ///
  /// The mean over height and width is a GlobalAveragePool, and a Flatten if the axes are not kept.
  private static func readReduce(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    guard let function = Reduce.Function(rawValue: node.message.op) else {
      throw node.failure("op_type", expected: "a reduction", found: node.message.op)
    }
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    let keepsAxes = try node.flag("keepdims", default: true)
    let hasAttribute = node.opset < (function == .sum ? 13 : 18)
    let isNothing = hasAttribute ? false : try node.flag("noop_with_empty_axes")
    try node.requireInputs(atMost: hasAttribute ? 1 : 2)
    if !hasAttribute, let axes = try graph.optionalOperand(node, 1), try graph.known(node, 1) == nil {
      let op = Computed.reduce(function, keepsAxes: keepsAxes, keepsAllWithoutAxes: isNothing)
      try graph.add(node, .computed(op), [input, axes])
      return
    }
    let stated = hasAttribute ? try node.integers("axes") : try graph.integers(node, 1, "axes")
    var axes = try node.axes(stated ?? [], rank: x.rank).sorted()
    if axes.isEmpty {
      guard !isNothing else {
        try addEach(node, function, input, &graph)
        return
      }
      axes = Array(0..<x.rank)
    }
    guard function == .mean, x.rank == 4, axes == [2, 3], x.dataType.isFloatingPoint else {
      try graph.add(node, .reduce(Reduce(function, axes: axes, keepsAxes: keepsAxes)), [input])
      return
    }
    guard !keepsAxes else {
      try graph.add(node, .globalPool(.average), [input])
      return
    }
    let pooled = try graph.step(node, "pool", .globalPool(.average), [input])
    try graph.add(node, .flatten(Flatten(axis: 1)), [pooled])
  }

  /// A reduction of no axes: what the function makes of single elements.
  private static func addEach(
    _ node: NodeReader, _ function: Reduce.Function, _ input: Operand, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    switch function {
    case .mean, .sum, .product, .max, .min: try graph.add(node, .identity(Identity()), [input])
    case .l1, .l2, .sumSquare, .logSum, .logSumExp:
      try graph.add(node, .reduce(Reduce(function, axes: [], keepsAxes: true)), [input])
    }
  }

  static func write(_ op: Reduce, _ node: inout NodeWriter) {
    node.set("keepdims", op.keepsAxes)
    if node.opset < (op.function == .sum ? 13 : 18) {
      node.set("axes", op.axes)
    } else {
      node.addIntegers("axes", op.axes)
      if op.axes.isEmpty { node.set("noop_with_empty_axes", true) }
    }
  }

  private static func readArgExtremum(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let x = try graph.type(node, 0)
    let op = ArgExtremum(
      node.message.op == "ArgMax" ? .max : .min,
      axis: try node.axis(try node.integer("axis", default: 0), rank: x.rank),
      keepsAxis: try node.flag("keepdims", default: true),
      selectsLast: node.opset >= 12 ? try node.flag("select_last_index") : false)
    try node.requireInputs(atMost: 1)
    try graph.add(node, .argExtremum(op), [try graph.operand(node, 0)])
  }

  static func write(_ op: ArgExtremum, _ node: inout NodeWriter) throws(ScaleNetError) {
    node.set("axis", op.axis)
    node.set("keepdims", op.keepsAxis)
    if op.selectsLast {
      try node.require(opset: 12)
      node.set("select_last_index", true)
    }
  }

  /// K is an attribute until opset 9, and the largest are taken until opset 10.
  private static func readTopK(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let axis = try node.axis(try node.integer("axis", default: -1), rank: graph.type(input).rank)
    let isLargest = node.opset >= 11 ? try node.flag("largest", default: true) : true
    let isSorted = node.opset >= 11 ? try node.flag("sorted", default: true) : true
    var count: Int?
    if node.opset < 10 {
      count = try node.requiredInteger("k")
    } else if let counts = try graph.integersIfKnown(node, 1) {
      guard counts.count == 1 else {
        throw node.failure("input K", expected: "one number", found: "\(counts.count)")
      }
      count = counts[0]
    }
    try node.requireInputs(atMost: 2)
    if let count {
      let op = TopK(count: count, axis: axis, isLargest: isLargest, isSorted: isSorted)
      try graph.add(node, .topK(op), [input], count: 2)
    } else {
      let op = Computed.topK(axis: axis, isLargest: isLargest, isSorted: isSorted)
      try graph.add(node, .computed(op), [input, try graph.operand(node, 1)], count: 2)
    }
  }

  static func write(_ op: TopK, _ node: inout NodeWriter) {
    node.set("axis", op.axis)
    node.set("largest", op.isLargest)
    node.set("sorted", op.isSorted)
    node.addIntegers("k", [op.count])
  }

  private static func readCumSum(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let isExclusive = try node.flag("exclusive")
    let isReverse = try node.flag("reverse")
    try node.requireInputs(atMost: 2)
    guard let axes = try graph.integersIfKnown(node, 1), axes.count == 1 else {
      let op = Computed.cumSum(isExclusive: isExclusive, isReverse: isReverse)
      try graph.add(node, .computed(op), [input, try graph.operand(node, 1)])
      return
    }
    let axis = try node.axis(axes[0], rank: graph.type(input).rank)
    try graph.add(
      node, .cumSum(CumSum(axis: axis, isExclusive: isExclusive, isReverse: isReverse)), [input])
  }

  private static func readCumProd(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError)
  {
    let input = try graph.operand(node, 0)
    let (isExclusive, isReverse) = (try node.flag("exclusive"), try node.flag("reverse"))
    try node.requireInputs(atMost: 2)
    guard let axes = try graph.integers(node, 1, "axis"), axes.count == 1 else {
      throw node.failure("input axis", expected: "one number", found: "none or several")
    }
    let op = CumSum(
      axis: try node.axis(axes[0], rank: graph.type(input).rank), isExclusive: isExclusive,
      isReverse: isReverse,
      isProduct: true)
    try graph.add(node, .cumSum(op), [input])
  }

  static func write(_ op: CumSum, _ node: inout NodeWriter) throws(ScaleNetError) {
    if op.isProduct { try node.require(opset: 26) }
    node.set("exclusive", op.isExclusive)
    node.set("reverse", op.isReverse)
    node.addConstant("axis", Tensor([Int64(op.axis)], shape: []))
  }
}
