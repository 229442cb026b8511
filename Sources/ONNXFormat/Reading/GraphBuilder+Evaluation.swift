import ModelIR

extension GraphBuilder {
  /// Operators that are evaluated while reading where their inputs are known.
  static let arithmetic: Set<String> = [
    "Shape", "Size", "Gather", "Slice", "Concat", "Unsqueeze", "Squeeze", "Cast", "Constant",
    "ConstantOfShape",
    "Add", "Sub", "Mul", "Div", "Min", "Max", "Floor", "Ceil", "Neg", "Identity", "Reshape", "ReduceProd",
    "Transpose",
  ]

  /// Evaluates a node on what is known; false, and nothing is changed, if the graph has to compute it.
  mutating func evaluate(_ node: inout NodeReader) throws(ONNXError) -> Bool {
    switch node.message.op {
    case "Constant":
      try define(node, .constant(try constantTensor(&node), value: nil))
      return true
    case "Shape", "Size":
      try define(node, .partial(try shape(&node), value: nil))
      return true
    case "Identity":
      guard let name = node.input(0), let known = lookUp(name) else { return false }
      switch known {
      case .value, .unavailable: return false
      case .constant(let tensor, _): try define(node, .constant(tensor, value: nil))
      case .partial(let partial, _): try define(node, .partial(partial, value: nil))
      }
      return true
    case "Transpose":
      guard let name = node.input(0), case .constant(let tensor, _) = lookUp(name) else { return false }
      let standard = Array((0..<tensor.shape.rank).reversed())
      let order = try node.integers("perm") ?? standard
      guard order.sorted() == Array(0..<tensor.shape.rank) else {
        throw node.failure("attribute perm", expected: "an order of the axes", found: "\(order)")
      }
      try define(node, .constant(tensor.transposed(order), value: nil))
      return true
    default:
      guard Self.arithmetic.contains(node.message.op), !node.message.inputs.isEmpty else { return false }
      for name in node.message.inputs { if case .value = lookUp(name) { return false } }
      var inputs: [PartialTensor?] = []
      for index in node.message.inputs.indices {
        guard node.input(index) != nil else {
          inputs.append(nil)
          continue
        }
        guard let partial = try partial(node, index) else { return false }
        inputs.append(partial)
      }
      guard inputs[0] != nil else { return false }
      guard let result = try evaluate(&node, inputs.map { $0 }) else {
        let texts = inputs.map { $0?.description ?? "none" }
        throw node.failure(
          "inputs", expected: "values with a known result", found: texts.joined(separator: "; "))
      }
      try define(node, .partial(result, value: nil))
      return true
    }
  }

  /// The result of shape arithmetic; nil if it is not known.
  private func evaluate(
    _ node: inout NodeReader, _ inputs: [PartialTensor?]
  ) throws(ONNXError) -> PartialTensor? {
    guard let first = inputs[0] else { return nil }
    if let op = PartialTensor.Unary(rawValue: node.message.op) { return first.apply(op) }
    if let op = PartialTensor.Binary(rawValue: node.message.op) {
      var result = first
      for input in inputs.dropFirst() {
        guard let input, let next = PartialTensor.apply(op, result, input) else { return nil }
        result = next
      }
      return result
    }
    switch node.message.op {
    case "Cast":
      return first.cast(to: try castTarget(&node))
    case "Gather":
      let axis = try node.axis(try node.integer("axis", default: 0), rank: first.shape.count)
      guard inputs.count == 2, let indices = inputs[1]?.integers else { return nil }
      var counted: [Int] = []
      for index in indices {
        counted.append(try node.axis(Int(index), rank: first.shape[axis], name: "index"))
      }
      guard first.elements.count / max(first.shape[axis], 1) * counted.count <= PartialTensor.largestCount
      else {
        return nil
      }
      let taken = first.taking(counted, axis: axis)
      return taken.reshaped(first.shape[..<axis] + (inputs[1]?.shape ?? []) + first.shape[(axis + 1)...])
    case "Concat":
      guard let axis = try node.integer("axis") else {
        throw node.failure("attribute axis", expected: "a value", found: "none")
      }
      return PartialTensor.concatenating(
        inputs.compactMap { $0 }, axis: try node.axis(axis, rank: first.shape.count))
    case "Slice":
      return try slice(&node, inputs, first)
    case "Squeeze", "Unsqueeze":
      let axes =
        opset < 13 ? try node.integers("axes") : inputs.count > 1 ? inputs[1]?.integers?.map { Int($0) } : nil
      return first.reshaped(try squeezed(node, first.shape, axes: axes, isOne: { $0 == 1 }, one: 1))
    case "Reshape":
      if opset >= 14 { try node.requireZero("allowzero") }
      guard inputs.count == 2, let target = inputs[1]?.integers else { return nil }
      let op = Reshape(shape: target.map { Int($0) })
      do throws(OperatorError) {
        let type = try op.inferTypes([TensorType(first.dataType, TensorShape(first.shape))])[0]
        return type.shape.map { first.reshaped($0.dimensions) }
      } catch {
        throw node.failure(error.place, expected: error.expected, found: error.found)
      }
    case "ConstantOfShape":
      let fill = try node.tensor("value")
      guard let extents = first.integers, let shape = TensorShape(checking: extents.map { Int($0) }),
        shape.elementCount <= PartialTensor.largestCount
      else { return nil }
      var value = PartialTensor(.float32, shape: [1], elements: [.real(0)])
      if let fill {
        guard let given = try readPartial(fill, node), given.elements.count == 1 else { return nil }
        value = given
      }
      return PartialTensor(
        value.dataType, shape: shape.dimensions,
        elements: Array(repeating: value.elements[0], count: shape.elementCount))
    case "ReduceProd":
      let keepsAxes = try node.flag("keepdims", default: true)
      let axes =
        opset < 18 ? try node.integers("axes") : inputs.count > 1 ? inputs[1]?.integers?.map { Int($0) } : nil
      if opset >= 18 { try node.requireZero("noop_with_empty_axes") }
      guard first.shape.count == 1, axes == nil || axes == [0] || axes == [-1] else { return nil }
      let one = PartialTensor(
        first.dataType, shape: [], elements: [first.dataType.isFloatingPoint ? .real(1) : .integer(1)])
      var product = one
      for element in first.elements {
        let factor = PartialTensor(first.dataType, shape: [], elements: [element])
        guard let next = PartialTensor.apply(.mul, product, factor) else { return nil }
        product = next
      }
      return keepsAxes ? product.reshaped([1]) : product
    default:
      return nil
    }
  }

  private func slice(
    _ node: inout NodeReader, _ inputs: [PartialTensor?], _ data: PartialTensor
  ) throws(ONNXError) -> PartialTensor? {
    func input(_ index: Int) -> [Int64]? { index < inputs.count ? inputs[index]?.integers : nil }
    let starts: [Int64]?
    let ends: [Int64]?
    let axes: [Int]?
    if opset < 10 {
      starts = try node.integers("starts")?.map { Int64($0) }
      ends = try node.integers("ends")?.map { Int64($0) }
      axes = try node.integers("axes")
    } else {
      starts = input(1)
      ends = input(2)
      axes = input(3)?.map { Int($0) }
    }
    guard let starts, let ends, starts.count == ends.count else { return nil }
    let steps = opset < 10 ? nil : input(4)
    guard (axes?.count ?? starts.count) == starts.count, (steps?.count ?? starts.count) == starts.count else {
      return nil
    }
    var result = data
    for index in starts.indices {
      let axis = try node.axis(axes?[index] ?? index, rank: data.shape.count, name: "axes")
      guard
        let indices = PartialTensor.sliceIndices(
          extent: result.shape[axis], start: starts[index], end: ends[index], step: steps?[index] ?? 1)
      else { return nil }
      result = result.taking(indices, axis: axis)
    }
    return result
  }

  /// The extents of an input, or their product.
  private func shape(_ node: inout NodeReader) throws(ONNXError) -> PartialTensor {
    let dimensions = try type(node, 0).dimensions
    if node.message.op == "Size" {
      let sizes = dimensions.compactMap(\.value)
      guard sizes.count == dimensions.count, let shape = TensorShape(checking: sizes) else {
        throw node.failure("input 0", expected: "known extents", found: "\(dimensions)")
      }
      return PartialTensor(.int64, shape: [], elements: [.integer(Int64(shape.elementCount))])
    }
    var (start, end) = (0, dimensions.count)
    if opset >= 15 {
      start = try node.integer("start", default: 0)
      end = try node.integer("end", default: dimensions.count)
    }
    func clamped(_ value: Int) -> Int {
      min(max(value < 0 ? value + dimensions.count : value, 0), dimensions.count)
    }
    let range = clamped(start)..<max(clamped(start), clamped(end))
    return PartialTensor(dimensions: dimensions[range])
  }

  /// The value of a Constant node, in whichever attribute it stands.
  private func constantTensor(_ node: inout NodeReader) throws(ONNXError) -> Tensor {
    if let message = try node.tensor("value") { return try loader.tensor(message, name: node.name) }
    if let values = try node.floats("value_floats") { return Tensor(values, shape: [values.count]) }
    if let values = try node.integers("value_ints") {
      return Tensor(values.map { Int64($0) }, shape: [values.count])
    }
    if let value = try node.integer("value_int") { return Tensor([Int64(value)], shape: []) }
    if node.message.attributes.contains(where: { $0.name == "value_float" }) {
      return Tensor([try node.float("value_float", default: 0)], shape: [])
    }
    throw node.failure(
      "attributes", expected: "a tensor, a number or numbers",
      found: node.message.attributes.first?.name ?? "none")
  }

  private func readPartial(_ message: TensorMessage, _ node: NodeReader) throws(ONNXError) -> PartialTensor? {
    let tensor = try loader.tensor(message, name: node.name)
    do throws(TensorError) {
      return try PartialTensor(tensor)
    } catch {
      throw .unreadableTensor(path: path, tensor: node.name, error: error)
    }
  }
}
