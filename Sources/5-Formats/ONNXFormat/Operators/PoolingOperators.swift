import FileIO
import ModelIR

/// Pools over windows and over whole images.
enum PoolingOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("MaxPool", readPool), OperatorHandler("AveragePool", readPool),
    OperatorHandler("LpPool", readLpPool), OperatorHandler("MaxUnpool", since: 9, readMaxUnpool),
    OperatorHandler("GlobalAveragePool", since: 1) { (node, graph) throws(ScaleNetError) in
      try readGlobalPool(node, .average, &graph)
    },
    OperatorHandler("GlobalMaxPool", since: 1) { (node, graph) throws(ScaleNetError) in
      try readGlobalPool(node, .max, &graph)
    },
    OperatorHandler("GlobalLpPool") { (node, graph) throws(ScaleNetError) in
      let p = try node.integer("p", default: 2)
      try node.requireInputs(atMost: 1)
      try graph.add(node, .globalPool(.lp(p)), try graph.operands(node))
    },
  ]

  private static func kernel(_ node: inout NodeReader) throws(ScaleNetError) -> [Int] {
    guard let kernel = try node.integers("kernel_shape") else {
      throw node.failure("attribute kernel_shape", expected: "a value", found: "none")
    }
    return kernel
  }

  /// MaxPool has dilations and ceil_mode from opset 10, AveragePool ceil_mode from opset 10 and dilations from 19.
  private static func readPool(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let kernel = try kernel(&node)
    let x = try graph.type(node, 0)
    let window = try node.window(kernel: kernel, x: x)
    let ceilMode = node.opset >= 10 ? try node.flag("ceil_mode") : false
    let isMaximum = node.message.op == "MaxPool"
    try node.requireInputs(atMost: 1)
    if isMaximum {
      let isColumnMajor = node.opset >= 8 ? try node.flag("storage_order") : false
      if node.isRead(output: 1) {
        let op = MaxPool(
          window: window, ceilMode: ceilMode, givesIndices: true, countsColumnMajor: isColumnMajor)
        try graph.add(node, .maxPool(op), [try graph.operand(node, 0)], count: 2)
        return
      }
    }
    if isMaximum { try graph.leaveOut(node, output: 1, because: "which nothing reads") }
    let countIncludePad = isMaximum ? false : try node.flag("count_include_pad")
    try addPool(node, x, window, &graph) { window in
      isMaximum
        ? .maxPool(MaxPool(window: window, ceilMode: ceilMode))
        : .averagePool(AveragePool(window: window, ceilMode: ceilMode, countIncludePad: countIncludePad))
    }
  }

  /// Adds a pool over one to three axes as pools over two, for which there are fast kernels.
  private static func addPool(
    _ node: NodeReader, _ x: TensorType, _ window: Window, _ graph: inout GraphReader,
    _ op: (Window) -> Operator
  ) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let output = try node.firstOutput()
    let fixed = x.dimensions[1...].compactMap(\.value)
    guard x.rank != 4, fixed.count == x.rank - 1, TensorShape(checking: fixed) != nil,
      x.dataType.isFloatingPoint
    else {
      try graph.add(node, op(window), [input], output: output)
      return
    }
    guard x.rank == 5 else {
      let reshape = try ShapeOperators.reshape(to: Planes.type(x), node)
      let plane = try graph.step(node, "plane", .reshape(reshape), [input])
      let pooled = try graph.step(node, "pool", op(Planes.window(window, nil, 0)), [plane])
      var type = graph.type(pooled)
      type.dimensions.remove(at: 2)
      try graph.add(node, .reshape(try ShapeOperators.reshape(to: type, node)), [pooled], output: output)
      return
    }
    // What lies under a window is a box, so the maximum, and the mean, is that over depth of those of the planes.
    let planes = try graph.step(
      node, "planes", .reshape(Reshape(shape: [0, fixed[0] * fixed[1], fixed[2], fixed[3]])), [input])
    let pooled = try graph.step(node, "planes.pool", op(Planes.window(window, 1, 2)), [planes])
    let sides = graph.type(pooled).dimensions[2...].map { $0.value ?? 0 }
    let columns = try graph.step(
      node, "columns", .reshape(Reshape(shape: [0, fixed[0], fixed[1], sides[0] * sides[1]])), [pooled])
    let boxes = try graph.step(node, "columns.pool", op(Planes.window(window, 0, nil)), [columns])
    let depth = graph.type(boxes).dimensions[2].value ?? 0
    try graph.add(
      node, .reshape(Reshape(shape: [0, fixed[0], depth] + sides)), [boxes], output: output)
  }

  /// Global pools of any number of spatial axes: they are one row to it.
  private static func readGlobalPool(
    _ node: NodeReader, _ op: GlobalPool, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    try node.requireInputs(atMost: 1)
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    let spatial = x.dimensions.dropFirst(2).compactMap(\.value)
    guard x.rank != 4, x.rank > 2, spatial.count == x.rank - 2,
      let shape = TensorShape(checking: spatial)
    else {
      try graph.add(node, .globalPool(op), [input])
      return
    }
    let row = try graph.step(node, "row", .reshape(Reshape(shape: [0, 0, 1, shape.elementCount])), [input])
    let pooled = try graph.step(node, "pool", .globalPool(op), [row])
    let ones = [Int](repeating: 1, count: x.rank - 2)
    try graph.add(node, .reshape(Reshape(shape: [0, 0] + ones)), [pooled])
  }

  /// LpPool has dilations and ceil_mode from opset 18.
  private static func readLpPool(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let kernel = try kernel(&node)
    let window = try node.window(kernel: kernel, x: try graph.type(node, 0))
    let op = LpPool(
      window: window, p: try node.integer("p", default: 2),
      ceilMode: node.opset >= 18 ? try node.flag("ceil_mode") : false)
    try node.requireInputs(atMost: 1)
    try graph.add(node, .lpPool(op), [try graph.operand(node, 0)])
  }

  private static func readMaxUnpool(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let kernel = try kernel(&node)
    let window = try node.window(kernel: kernel, x: try graph.type(node, 0))
    try node.requireInputs(atMost: 3)
    let op = MaxUnpool(window: window, outputShape: try graph.integers(node, 2, "output_shape"))
    try graph.add(node, .maxUnpool(op), [try graph.operand(node, 0), try graph.operand(node, 1)])
  }

  // MARK: Writing

  static func write(_ op: MaxPool, _ node: inout NodeWriter) {
    node.set(op.window)
    node.set("ceil_mode", op.ceilMode)
    if op.givesIndices { node.set("storage_order", op.countsColumnMajor) }
  }

  static func write(_ op: AveragePool, _ node: inout NodeWriter) throws(ScaleNetError) {
    let isDilated = op.window.dilations.contains { $0 != 1 }
    guard !isDilated || node.opset >= 19 else {
      throw node.failure(
        "dilations", expected: "opset 19 or later, or [1, 1]",
        found: "opset \(node.opset), \(op.window.dilations)")
    }
    node.set(op.window, dilations: isDilated)
    node.set("ceil_mode", op.ceilMode)
    node.set("count_include_pad", op.countIncludePad)
  }

  static func write(_ op: LpPool, _ node: inout NodeWriter) throws(ScaleNetError) {
    let isDilated = op.window.dilations.contains { $0 != 1 }
    if isDilated || op.ceilMode { try node.require(opset: 18) }
    node.set(op.window, dilations: isDilated)
    if op.ceilMode { node.set("ceil_mode", true) }
    node.set("p", op.p)
  }

  static func write(_ op: GlobalPool, _ node: inout NodeWriter) {
    switch op {
    case .average, .max: break
    case .lp(let p): node.set("p", p)
    }
  }

  static func write(_ op: MaxUnpool, _ node: inout NodeWriter) {
    node.set(op.window, dilations: false)
    if let shape = op.outputShape { node.addIntegers("output_shape", shape) }
  }
}
