import FileIO
import JSONText
import ModelIR

/// Operations of TensorFlow's and of Keras 3's in place of layers.
extension GraphAssembler {
  /// An operand of an operation.
  private enum Operand {
    case value(LayerValue)
    /// One number, or several in the shape of an array.
    case numbers([Double], shape: [Int])
  }

  mutating func addOperation(
    _ operation: Operation, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    let name = reader.layer.name
    switch operation {
    case .add: return try addBinary(.add, &reader)
    case .subtract: return try addBinary(.sub, &reader)
    case .multiply: return try addBinary(.mul, &reader)
    case .divide: return try addBinary(.div, &reader)
    case .maximum: return try addExtremum(.max, &reader)
    case .minimum: return try addExtremum(.min, &reader)
    case .power: return try addBinary(.pow, &reader)
    case .biasAdd: return try addBias(&reader)
    case .getItem: return try addItem(&reader)
    case .reshape: return try addReshaping(&reader)
    case .flatten:
      try requireNoConstants(reader)
      let value = try rawInput(reader)
      return value.order.count == 2 ? value : try flattened(value, reader)
    case .transpose: return try addTransposition(&reader)
    case .expandDims: return try addAxis(&reader)
    case .squeeze: return try addSqueeze(&reader)
    case .pad: return try addPadding(&reader)
    case .concatenate: return try addConcatenation(&reader)
    case .mean: return try addReduction(.mean, &reader)
    case .sum: return try addReduction(.sum, &reader)
    case .max: return try addReduction(.max, &reader)
    case .min: return try addReduction(.min, &reader)
    case .product: return try addReduction(.product, &reader)
    case .variance, .deviation, .logSumExp: return try addStatistic(operation, &reader)
    case .argMax: return try addArgument(.max, &reader)
    case .argMin: return try addArgument(.min, &reader)
    case .unitLength: return try addUnitLength(&reader)
    case .stack: return try addStack(&reader)
    case .split: return try addSplit(&reader)
    case .unstack: return try addUnstack(&reader)
    case .flip: return try addFlip(&reader)
    case .roll: return try addRoll(&reader)
    case .tile: return try addTile(&reader)
    case .repeatEach: return try addRepeat(&reader)
    case .take: return try addTake(&reader)
    case .moveAxis: return try addAxisMove(exchanges: false, &reader)
    case .swapAxes: return try addAxisMove(exchanges: true, &reader)
    case .matMul: return try addMatrixProduct(&reader)
    case .einsum: return try addEinsum(&reader)
    case .choose: return try addWhere(&reader)
    case .greater: return try addBinary(.greater, &reader)
    case .greaterOrEqual: return try addBinary(.greaterOrEqual, &reader)
    case .less: return try addBinary(.less, &reader)
    case .lessOrEqual: return try addBinary(.lessOrEqual, &reader)
    case .equal: return try addBinary(.equal, &reader)
    case .notEqual:
      var value = try addBinary(.equal, &reader)
      value.id = try node(unusedName("\(name)_not"), .unary(.not), [value.id])
      return value
    case .logicalAnd: return try addBinary(.and, &reader)
    case .logicalOr: return try addBinary(.or, &reader)
    case .logicalNot: return try addUnary(.not, reader)
    case .squaredDifference:
      var value = try addBinary(.sub, &reader)
      value.id = try node(unusedName("\(name)_square"), .binary(.mul), [value.id, value.id])
      return value
    case .sin: return try addUnary(.sin, reader)
    case .cos: return try addUnary(.cos, reader)
    case .tan: return try addUnary(.tan, reader)
    case .floor: return try addUnary(.floor, reader)
    case .ceil: return try addUnary(.ceil, reader)
    case .round: return try addUnary(.round, reader)
    case .sign: return try addUnary(.sign, reader)
    case .erf: return try addUnary(.erf, reader)
    case .reciprocal: return try addUnary(.reciprocal, reader)
    case .inverseRoot, .expLessOne, .logOfMore: return try addComposition(operation, reader)
    case .celu:
      let alpha = try number(["alpha"], at: 0, &reader) ?? 1
      return try addUnary(.celu(alpha: Float(alpha)), reader, requires: ["alpha"])
    case .oneHot: return try addOneHot(&reader)
    case .resize: return try addResizeOperation(&reader)
    case .maxPool: return try addPoolOperation(.maxPooling2D, &reader)
    case .averagePool: return try addPoolOperation(.averagePooling2D, &reader)
    case .depthToSpace: return try addBlocks(isDepth: true, &reader)
    case .spaceToDepth: return try addBlocks(isDepth: false, &reader)
    case .softmax: return try addSoftmaxOperation(isLogarithm: false, &reader)
    case .logSoftmax: return try addSoftmaxOperation(isLogarithm: true, &reader)
    case .clip:
      return try addUnary(try clip(&reader), reader, requires: ["clip_value_min", "clip_value_max"])
    case .leakyRelu:
      let names = ["alpha", "negative_slope"]
      let slope = try number(names, at: 0, &reader) ?? 0.2
      return try addUnary(.leakyRelu(alpha: Float(slope)), reader, requires: names)
    case .negative: return try addUnary(.neg, reader)
    case .abs: return try addUnary(.abs, reader)
    case .sqrt: return try addUnary(.sqrt, reader)
    case .exp: return try addUnary(.exp, reader)
    case .log: return try addUnary(.log, reader)
    case .softsign: return try addUnary(.softsign, reader)
    case .hardSigmoid: return try addUnary(.hardSigmoid(alpha: 1.0 / 6, beta: 0.5), reader)
    case .hardSilu: return try addUnary(.hardSwish, reader)
    case .relu: return try addUnary(.relu, reader)
    case .relu6: return try addUnary(.clip(minimum: 0, maximum: 6), reader)
    case .sigmoid: return try addUnary(.sigmoid, reader)
    case .tanh: return try addUnary(.tanh, reader)
    case .softplus: return try addUnary(.softplus, reader)
    case .elu:
      let alpha = try number(["alpha"], at: 0, &reader) ?? 1
      return try addUnary(.elu(alpha: Float(alpha)), reader, requires: ["alpha"])
    case .selu: return try addUnary(.selu(alpha: 1.6732632, gamma: 1.0507010), reader)
    case .gelu:
      return try addUnary(.gelu(isTanh: try isApproximate(&reader)), reader, requires: ["approximate"])
    case .identity:
      try requireNoConstants(reader)
      return try padded(reader)
    case .square, .silu:
      try requireNoConstants(reader)
      var value = try input(reader)
      var factor = value.id
      if case .silu = operation {
        factor = try node(unusedName("\(name)_sigmoid"), .unary(.sigmoid), [value.id])
      }
      value.id = try node(name, .binary(.mul), [value.id, factor])
      value.isNonNegative = false
      return value
    case .cast:
      let stated = constant("dtype", at: 0, reader) ?? reader.value("dtype")
      let reals: [JSON] = ["float32", "float16", "bfloat16"]
      if let stated, reals.contains(stated) {
        var value = try padded(reader)
        if graph[value.id].type.dataType != .float32 {
          value.id = try node(name, .cast(Cast(to: .float32)), [value.id])
        }
        return value
      }
      let types: [DataType] = [.bool, .int32, .int64, .uint8]
      guard case .string(let word)? = stated, let type = types.first(where: { $0.rawValue == word }) else {
        throw reader.failure("dtype", "float32, bool, int32, int64 or uint8", stated?.kind ?? "nothing")
      }
      var value = try input(reader)
      value.id = try node(name, .cast(Cast(to: type)), [value.id])
      return value
    }
  }

  /// - Parameter names: of the constants that may be there; those without a name are among them.
  private mutating func addUnary(
    _ function: Unary, _ reader: LayerReader, requires names: [String]? = nil
  ) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: names)
    var value = try input(reader)
    value.id = try node(reader.layer.name, .unary(function), [value.id])
    switch function {
    case .relu, .sigmoid, .exp, .softplus, .abs, .clip: value.isNonNegative = true
    default: value.isNonNegative = false
    }
    return value
  }

  /// Keras 3 says it as a setting, TensorFlow as an argument; both have another default.
  private func isApproximate(_ reader: inout LayerReader) throws(ScaleNetError) -> Bool {
    let isOfKeras = reader.layer.settings["function"] == nil
    let argument = constant("approximate", at: 0, reader)
    switch argument ?? reader.value("approximate") {
    case .bool(let value)?: return value
    case nil: return isOfKeras
    case let found?: throw reader.failure("approximate", "true or false", found.kind)
    }
  }

  /// A constant among the arguments, by its name or as the n-th of those without one.
  func constant(_ name: String, at position: Int, _ reader: LayerReader) -> JSON? {
    var unnamed: [JSON] = []
    for argument in reader.layer.arguments {
      guard case .constant(let json) = argument.value else { continue }
      if argument.name == name { return json }
      if argument.name == nil { unnamed.append(json) }
    }
    if unnamed.indices.contains(position) { return unnamed[position] }
    return nil
  }

  /// Fails if there are constants of other names; without names, if there are any.
  func requireNoConstants(_ reader: LayerReader, but names: [String]? = nil) throws(ScaleNetError) {
    for argument in reader.layer.arguments {
      if case .constant(let json) = argument.value {
        if let names, argument.name.map({ names.contains($0) }) ?? true { continue }
        throw reader.failure("inbound_nodes", "no arguments but tensors", argument.name ?? json.kind)
      }
    }
  }

  /// The two operands, in their order: those without names, and `y` or `x2` behind them.
  private mutating func operands(_ reader: LayerReader) throws(ScaleNetError) -> [Operand] {
    let values = try inputs(reader)
    var first: [Operand] = []
    var second: [Operand] = []
    for argument in reader.layer.arguments {
      let operand: Operand
      switch argument.value {
      case .input(let index): operand = .value(values[index])
      case .constant(let json):
        let numbers = try LayerReader.numbers(json.unwrapped) {
          reader.failure("inbound_nodes", "numbers", $0)
        }
        operand = .numbers(numbers, shape: json.unwrapped.extents)
      }
      switch argument.name {
      case nil, "x"?, "x1"?, "a"?: first.append(operand)
      case "y"?, "x2"?, "b"?: second.append(operand)
      case let name?: throw reader.failure("inbound_nodes", "operands x and y", name)
      }
    }
    let operands = first + second
    guard operands.count == 2, !values.isEmpty else {
      throw reader.failure("inbound_nodes", "two operands", "\(operands.count)")
    }
    return operands
  }

  private mutating func addBinary(_ op: Binary, _ reader: inout LayerReader) throws(ScaleNetError)
    -> LayerValue
  {
    try add(.binary(op), reader)
  }

  private mutating func addExtremum(
    _ op: Variadic, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    try add(.variadic(op), reader)
  }

  private mutating func add(_ op: Operator, _ reader: LayerReader) throws(ScaleNetError) -> LayerValue {
    let operands = try operands(reader)
    var values: [LayerValue] = []
    for case .value(let value) in operands { values.append(value) }
    // NumPy's broadcasting aligns the last axes, where Keras's layers align the first ones.
    values = try alike(values, reader)
    var result = values[0]
    var ids: [ValueID] = []
    var next = values[...]
    for operand in operands {
      switch operand {
      case .value: ids.append((next.popFirst() ?? result).id)
      case .numbers(let numbers, let shape):
        ids.append(try array(numbers, shape, like: result, reader))
      }
    }
    result.id = try node(reader.layer.name, op, ids)
    result.isNonNegative = false
    return result
  }

  /// Numbers whose axes are the last ones of a value, as the graph has these; of the type of the value.
  private mutating func array(
    _ numbers: [Double], _ shape: [Int], like value: LayerValue, _ reader: LayerReader
  ) throws(ScaleNetError) -> ValueID {
    let rank = value.order.count
    guard shape.count <= rank, shape.reduce(1, *) == numbers.count else {
      throw reader.failure("inbound_nodes", "numbers of at most \(rank) axes", "\(shape)")
    }
    let name = "\(reader.layer.name).operand"
    let type = graph[value.id].type.dataType
    let aligned = [Int](repeating: 1, count: rank - shape.count) + shape
    var positions = [Int](repeating: 0, count: rank)
    for (position, axis) in value.order.enumerated() { positions[axis] = position }
    let tensor = Tensor(numbers.map { Float($0) }, shape: TensorShape(aligned)).transposed(positions)
    return try initializer(name, type == .float32 ? tensor : tensor.cast(to: type))
  }

  /// Some positions of each axis, in NumPy's way of saying it.
  private mutating func addItem(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let stated = constant("slice_spec", at: 0, reader) ?? constant("key", at: 0, reader)
    func invalid(_ found: JSON?) -> ScaleNetError {
      reader.failure("inbound_nodes", "slices and positions behind the batch", found?.kind ?? "nothing")
    }
    guard let stated else { throw invalid(nil) }
    var items = [stated.unwrapped]
    if case .array(let several) = stated.unwrapped { items = several }
    if let gap = items.firstIndex(where: { $0["class_name"] == .string("__ellipsis__") }) {
      let missing = value.order.count - (items.count - 1)
      guard missing >= 0 else { throw invalid(stated) }
      items.replaceSubrange(gap...gap, with: [JSON](repeating: .object([]), count: missing))
    }
    guard items.count <= value.order.count else { throw invalid(stated) }
    var slice = Slice(axes: [], starts: [], steps: [], counts: [])
    var dropped: [Int] = []
    for (position, item) in items.enumerated() {
      let axis = value.order[position]
      let extent = extents(value.id)[axis]
      if case .integer(let index) = item {
        guard position > 0, (-extent..<extent).contains(index) else { throw invalid(item) }
        slice.add(axis, index < 0 ? index + extent : index, 1, 1)
        dropped.append(position)
        continue
      }
      guard case .object = item else { throw invalid(item) }
      let bounds = item["config"] ?? item
      let numbers = ["start", "stop", "step"].map { bounds[$0] ?? .null }
      if numbers.allSatisfy({ $0 == .null }) { continue }
      let limits = numbers.map { if case .integer(let number) = $0 { number } else { nil } as Int? }
      let step = limits[2] ?? 1
      if position > 0, numbers == [.null, .null, -1] {
        // All of the axis from behind, as RGB becomes BGR.
        slice.add(axis, extent - 1, -1, extent)
        continue
      }
      guard position > 0, step > 0, zip(numbers, limits).allSatisfy({ $0 == .null || $1 != nil }) else {
        throw invalid(item)
      }
      func clamped(_ limit: Int) -> Int { limit < 0 ? max(limit &+ extent, 0) : min(limit, extent) }
      let (start, stop) = (clamped(limits[0] ?? 0), clamped(limits[1] ?? extent))
      guard stop > start else { throw invalid(item) }
      let count = (stop - start - 1) / step + 1
      if count != extent { slice.add(axis, start, step, count) }
    }
    let name = reader.layer.name
    if !slice.axes.isEmpty {
      value.id = try node(dropped.isEmpty ? name : unusedName("\(name)_slice"), .slice(slice), [value.id])
    }
    if !dropped.isEmpty {
      let axes = dropped.map { value.order[$0] }.sorted()
      value.id = try node(name, .squeeze(Squeeze(axes: axes)), [value.id])
      value.dropAxes(at: dropped)
    }
    return value
  }
}

extension JSON {
  /// The extents of an array, as its first elements have them.
  fileprivate var extents: [Int] {
    var result: [Int] = []
    var next = self
    while case .array(let items) = next {
      result.append(items.count)
      guard let first = items.first else { break }
      next = first
    }
    return result
  }
}

extension Slice {
  /// One more axis of which some positions are taken.
  fileprivate mutating func add(_ axis: Int, _ start: Int, _ step: Int, _ count: Int) {
    axes.append(axis)
    starts.append(start)
    steps.append(step)
    counts.append(count)
  }
}
