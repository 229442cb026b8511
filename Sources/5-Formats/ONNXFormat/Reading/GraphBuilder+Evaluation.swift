import FileIO
import ModelIR

extension GraphBuilder {
  /// Operators that are evaluated while reading where their inputs are known.
  static let arithmetic: Set<String> = [
    "Shape", "Size", "Gather", "Slice", "Split", "Concat", "Unsqueeze", "Squeeze", "Flatten", "Cast",
    "CastLike",
    "Constant", "ConstantOfShape", "Range", "Expand", "Where", "Add", "Sub", "Mul", "Div", "Mod", "Min",
    "Max", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor", "Not", "Floor",
    "Ceil", "Neg", "Abs", "Sqrt", "Identity", "Reshape", "ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin",
    "Transpose",
  ]

  /// Evaluates a node on what is known; false, and nothing is changed, if the graph has to compute it.
  mutating func evaluate(_ node: inout NodeReader) throws(ScaleNetError) -> Bool {
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
    default:
      guard Self.arithmetic.contains(node.message.op), !node.message.inputs.isEmpty else { return false }
      for name in node.message.inputs { if case .value = lookUp(name) { return false } }
      var inputs: [PartialTensor?] = []
      for index in node.message.inputs.indices {
        guard node.input(index) != nil else {
          inputs.append(nil)
          continue
        }
        guard let partial = try partial(node, index) else { return try view(&node) }
        inputs.append(partial)
      }
      guard let first = inputs[0] else { return false }
      if node.message.op == "Split" {
        try split(&node, first)
        return true
      }
      let unread = node
      guard let result = try evaluate(&node, inputs, first) else {
        let isOpen = inputs.contains { $0?.integers == nil && $0?.reals == nil && $0 != nil }
        // Numbers that are all known are computed like any others.
        if !isOpen {
          node = unread
          return false
        }
        let texts = inputs.map { $0?.description ?? "none" }
        throw node.failure(
          "inputs", expected: "values with a known result", found: texts.joined(separator: "; "))
      }
      try define(node, .partial(result, value: nil))
      return true
    }
  }

  /// Weights that change their shape or type only stay views of what is stored.
  private mutating func view(_ node: inout NodeReader) throws(ScaleNetError) -> Bool {
    guard let name = node.input(0), case .constant(let tensor, _) = lookUp(name) else { return false }
    let unread = node
    let result: Tensor?
    let type = TensorType(tensor.dataType, tensor.shape)
    switch node.message.op {
    case "Transpose":
      result = tensor.transposed(try order(&node, rank: tensor.shape.rank))
    case "Cast":
      let target = try castTarget(&node)
      // Rounding is done when the elements are read, once; integers are not made of real numbers there.
      let isPlain = tensor.dataType == tensor.storedType && target.isFloatingPoint
      result = isPlain ? tensor.cast(to: target) : nil
    case "Reshape":
      result = try reshaped(&node, type).flatMap { tensor.reshaped(TensorShape($0)) }
    case "Squeeze", "Unsqueeze":
      let axes = try axes(&node, input: 1, lastAttributeOpset: 12)
      let shape = try squeezed(node, tensor.shape.dimensions, axes: axes, isOne: { $0 == 1 }, one: 1)
      result = tensor.reshaped(TensorShape(shape))
    case "Flatten":
      result = tensor.reshaped(TensorShape(try flattened(&node, tensor.shape.dimensions)))
    default:
      result = nil
    }
    guard let result else {
      node = unread
      return false
    }
    try define(node, .constant(result, value: nil))
    return true
  }

  /// The parts of a small tensor.
  private mutating func split(_ node: inout NodeReader, _ data: PartialTensor) throws(ScaleNetError) {
    let axis = try node.axis(try node.integer("axis", default: 0), rank: data.shape.count)
    let extents = try splitExtents(&node, extent: data.shape[axis])
    var start = 0
    for (output, count) in zip(node.message.outputs, extents) {
      if !output.isEmpty {
        let part = data.taking(Array(start..<start + count), axis: axis)
        try define(node, output: output, .partial(part, value: nil))
      }
      start += count
    }
  }

  /// The result of shape arithmetic; nil if it is not known.
  private func evaluate(
    _ node: inout NodeReader, _ inputs: [PartialTensor?], _ first: PartialTensor
  ) throws(ScaleNetError) -> PartialTensor? {
    if let op = PartialTensor.Unary(rawValue: node.message.op) { return first.apply(op) }
    if let op = PartialTensor.Binary(rawValue: node.message.op) {
      if op == .mod { _ = try node.flag("fmod") }
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
    case "CastLike":
      node.ignore("saturate")
      guard inputs.count == 2, let like = inputs[1] else { return nil }
      return first.cast(to: like.dataType)
    case "Gather":
      return try gather(&node, inputs, first)
    case "Concat":
      guard let axis = try node.integer("axis") else {
        throw node.failure("attribute axis", expected: "a value", found: "none")
      }
      return PartialTensor.concatenating(
        inputs.compactMap { $0 }, axis: try node.axis(axis, rank: first.shape.count))
    case "Slice":
      return try slice(&node, inputs, first)
    case "Transpose":
      return first.transposed(try order(&node, rank: first.shape.count))
    case "Squeeze", "Unsqueeze":
      let axes =
        opset < 13 ? try node.integers("axes") : inputs.count > 1 ? inputs[1]?.integers?.map { Int($0) } : nil
      return first.reshaped(try squeezed(node, first.shape, axes: axes, isOne: { $0 == 1 }, one: 1))
    case "Flatten":
      return first.reshaped(try flattened(&node, first.shape))
    case "Reshape":
      return try reshaped(&node, TensorType(first.dataType, TensorShape(first.shape))).map {
        first.reshaped($0)
      }
    case "Expand":
      guard inputs.count == 2, let shape = inputs[1]?.integers else { return nil }
      return first.expanded(to: shape.map { Int($0) })
    case "Where":
      guard inputs.count == 3, let yes = inputs[1], let no = inputs[2] else { return nil }
      return PartialTensor.choosing(first, yes, no)
    case "Range":
      guard inputs.count == 3, let limit = inputs[1], let step = inputs[2] else { return nil }
      return PartialTensor.range(first, limit, step)
    case "ConstantOfShape":
      return try constantOfShape(&node, first)
    case "ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin":
      return try reduce(&node, inputs, first)
    default:
      return nil
    }
  }

  private func order(_ node: inout NodeReader, rank: Int) throws(ScaleNetError) -> [Int] {
    let order = try node.integers("perm") ?? Array((0..<rank).reversed())
    guard order.sorted() == Array(0..<rank) else {
      throw node.failure("attribute perm", expected: "an order of the axes", found: "\(order)")
    }
    return order
  }

  /// The extents that Flatten gives known ones.
  private func flattened(_ node: inout NodeReader, _ shape: [Int]) throws(ScaleNetError) -> [Int] {
    let axis = try node.integer("axis", default: 1)
    let counted = axis == shape.count ? axis : try node.axis(axis, rank: shape.count)
    return [shape[..<counted].reduce(1, *), shape[counted...].reduce(1, *)]
  }

  /// The extents that Reshape gives a known type; nil if its target is not known.
  private func reshaped(_ node: inout NodeReader, _ type: TensorType) throws(ScaleNetError) -> [Int]? {
    let allowsZero = opset >= 14 ? try node.flag("allowzero") : false
    guard let target = try partial(node, 1)?.integers?.map({ Int($0) }) else { return nil }
    let count = type.dimensions.reduce(1) { $0 * ($1.value ?? 0) }
    if allowsZero, target.contains(0) {
      guard count == 0, target.allSatisfy({ $0 >= 0 }), TensorShape(checking: target) != nil else {
        throw node.failure("input shape", expected: "extents that hold \(type)", found: "\(target)")
      }
      return target
    }
    do throws(ScaleNetError) {
      return try Reshape(shape: target).inferTypes([type])[0].shape?.dimensions
    } catch {
      throw node.failure(error)
    }
  }

  private func gather(
    _ node: inout NodeReader, _ inputs: [PartialTensor?], _ data: PartialTensor
  ) throws(ScaleNetError) -> PartialTensor? {
    let axis = try node.axis(try node.integer("axis", default: 0), rank: data.shape.count)
    guard inputs.count == 2, let indices = inputs[1]?.integers else { return nil }
    var counted: [Int] = []
    for index in indices {
      counted.append(try node.axis(Int(index), rank: data.shape[axis], name: "index"))
    }
    guard data.elements.count / max(data.shape[axis], 1) * counted.count <= PartialTensor.largestCount else {
      return nil
    }
    let taken = data.taking(counted, axis: axis)
    return taken.reshaped(data.shape[..<axis] + (inputs[1]?.shape ?? []) + data.shape[(axis + 1)...])
  }

  private func constantOfShape(
    _ node: inout NodeReader, _ extents: PartialTensor
  ) throws(ScaleNetError) -> PartialTensor? {
    let fill = try node.tensor("value")
    guard let extents = extents.integers, let shape = TensorShape(checking: extents.map { Int($0) }),
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
  }

  /// A reduction of all axes.
  private func reduce(
    _ node: inout NodeReader, _ inputs: [PartialTensor?], _ data: PartialTensor
  ) throws(ScaleNetError) -> PartialTensor? {
    let keepsAxes = try node.flag("keepdims", default: true)
    let lastAttributeOpset = node.message.op == "ReduceSum" ? 12 : 17
    var axes: [Int]?
    if opset <= lastAttributeOpset {
      axes = try node.integers("axes")
    } else {
      axes = inputs.count > 1 ? inputs[1]?.integers?.map { Int($0) } : nil
      try node.requireZero("noop_with_empty_axes")
    }
    let rank = data.shape.count
    var reduced = Set<Int>()
    for axis in axes ?? [] { reduced.insert(try node.axis(axis, rank: rank, name: "axes")) }
    guard reduced.isEmpty || reduced.count == rank, !data.elements.isEmpty || node.message.op == "ReduceProd"
    else { return nil }
    let op: PartialTensor.Binary =
      switch node.message.op {
      case "ReduceProd": .mul
      case "ReduceSum": .add
      case "ReduceMax": .max
      default: .min
      }
    let one: PartialTensor.Element = data.dataType.isFloatingPoint ? .real(1) : .integer(1)
    var result = PartialTensor(data.dataType, shape: [], elements: [data.elements.first ?? one])
    for element in data.elements.dropFirst() {
      let next = PartialTensor(data.dataType, shape: [], elements: [element])
      guard let sum = PartialTensor.apply(op, result, next) else { return nil }
      result = sum
    }
    return keepsAxes ? result.reshaped([Int](repeating: 1, count: rank)) : result
  }

  private func slice(
    _ node: inout NodeReader, _ inputs: [PartialTensor?], _ data: PartialTensor
  ) throws(ScaleNetError) -> PartialTensor? {
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
  private func shape(_ node: inout NodeReader) throws(ScaleNetError) -> PartialTensor {
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
  private func constantTensor(_ node: inout NodeReader) throws(ScaleNetError) -> Tensor {
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

  private func readPartial(_ message: TensorMessage, _ node: NodeReader) throws(ScaleNetError)
    -> PartialTensor?
  {
    let tensor = try loader.tensor(message, name: node.name)
    do throws(ScaleNetError) {
      return try PartialTensor(tensor)
    } catch {
      throw .unreadableTensor(path: path, tensor: node.name, error: error)
    }
  }
}
