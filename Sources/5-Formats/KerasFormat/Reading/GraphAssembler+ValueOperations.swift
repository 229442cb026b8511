import FileIO
import JSONText
import ModelIR

/// Operations on several values, and numbers that are made of many.
extension GraphAssembler {
  // MARK: Products

  mutating func addMatrixProduct(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(
      reader,
      but: [
        "transpose_a", "transpose_b", "adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse", "output_type",
        "name",
      ])
    for key in ["adjoint_a", "adjoint_b"] where constant(key, at: Int.max, reader) == .bool(true) {
      throw reader.failure(key, "false", "true")
    }
    let values = try naturals(reader)
    guard values.count == 2, values.allSatisfy({ $0.order.count >= 2 }) else {
      throw reader.failure("inbound_nodes", "two tensors of rank 2 or more", "\(values.count)")
    }
    var ids = values.map(\.id)
    for (index, key) in ["transpose_a", "transpose_b"].enumerated()
    where constant(key, at: Int.max, reader) == .bool(true) {
      let rank = values[index].order.count
      ids[index] = try node(
        unusedName("\(reader.layer.name)_transpose"),
        .transpose(Transpose(permutation: Array(0..<rank - 2) + [rank - 1, rank - 2])), [ids[index]])
    }
    let id = try node(reader.layer.name, .matMul(MatMul()), ids)
    return LayerValue(id: id, order: Array(extents(id).indices))
  }

  mutating func addEinsum(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let stated = constant("equation", at: 0, reader) ?? reader.value("subscripts")
    guard case .string(let equation)? = stated else {
      throw reader.failure("subscripts", "a text", stated?.kind ?? "nothing")
    }
    let values = try naturals(reader)
    let id = try node(
      reader.layer.name, .einsum(Einsum(equation: equation.filter { $0 != " " })), values.map(\.id))
    return LayerValue(id: id, order: Array(extents(id).indices))
  }

  // MARK: Choices

  /// One value where a condition holds, and another elsewhere; either may be a number.
  mutating func addWhere(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let values = try naturals(reader)
    var named: [String: ValueID] = [:]
    var rest = ["condition", "x", "y"][...]
    let rank = values.map(\.order.count).max() ?? 0
    for argument in reader.layer.arguments {
      let stated = ["x1": "x", "x2": "y"][argument.name ?? ""] ?? argument.name
      guard let name = stated ?? rest.first, rest.contains(name) else {
        throw reader.failure("inbound_nodes", "a condition, x and y", argument.name ?? "more")
      }
      rest.removeAll { $0 == name }
      switch argument.value {
      case .input(let index):
        guard values[index].order.count == rank else {
          throw reader.failure("inbound_nodes", "tensors of one rank", "others")
        }
        named[name] = values[index].id
      case .constant(let json):
        let numbers = try LayerReader.numbers(json.unwrapped) { reader.failure(name, "numbers", $0) }
        guard numbers.count == 1 else { throw reader.failure(name, "one number", "\(numbers.count)") }
        named[name] = try constant(
          "\(reader.layer.name).\(name)", numbers, LayerValue(id: values[0].id, order: Array(0..<rank)))
      }
    }
    guard let condition = named["condition"], let x = named["x"], let y = named["y"],
      graph[condition].type.dataType == .bool
    else { throw reader.failure("inbound_nodes", "a condition, x and y", "others") }
    let id = try node(reader.layer.name, .where(Where()), [condition, x, y])
    return LayerValue(id: id, order: Array(0..<rank))
  }

  // MARK: Numbers that are made of many

  /// The variance, its root, or the logarithm of a sum of powers, over axes behind the batch.
  mutating func addStatistic(_ operation: Operation, _ reader: inout LayerReader) throws(ScaleNetError)
    -> LayerValue
  {
    try requireNoConstants(reader, but: ["axis", "keepdims", "name"])
    var value = try input(reader)
    let found = try axes(["axis"], rank: value.order.count, at: 0, &reader)
    let keeps = stated(["keepdims"], at: 1, &reader) == .bool(true)
    let axes = found.map { value.order[$0] }.sorted()
    let name = reader.layer.name
    func reduced(_ function: Reduce.Function, keeps: Bool) -> Operator {
      .reduce(Reduce(function, axes: axes, keepsAxes: keeps))
    }
    if case .logSumExp = operation {
      value.id = try node(name, reduced(.logSumExp, keeps: keeps), [value.id])
    } else {
      let mean = try node(unusedName("\(name)_mean"), reduced(.mean, keeps: true), [value.id])
      let centred = try node(unusedName("\(name)_centre"), .binary(.sub), [value.id, mean])
      let square = try node(unusedName("\(name)_square"), .binary(.mul), [centred, centred])
      let isRoot = if case .deviation = operation { true } else { false }
      value.id = try node(
        isRoot ? unusedName("\(name)_variance") : name, reduced(.mean, keeps: keeps), [square])
      if isRoot { value.id = try node(name, .unary(.sqrt), [value.id]) }
    }
    value.isNonNegative = false
    if !keeps { value.dropAxes(at: found) }
    return value
  }

  /// Where along an axis the extremum stands.
  mutating func addArgument(
    _ function: ArgExtremum.Function, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis", "output_type", "name"])
    var value = try input(reader)
    let found = try axes(["axis"], rank: value.order.count, at: 0, &reader)
    let keeps = reader.value("keepdims") == .bool(true)
    guard found.count == 1 else { throw reader.failure("axis", "one axis", "\(found)") }
    let isOfTensorFlow = reader.layer.settings["function"] != nil
    let name = reader.layer.name
    value.id = try node(
      isOfTensorFlow ? name : unusedName("\(name)_index"),
      .argExtremum(ArgExtremum(function, axis: value.order[found[0]], keepsAxis: keeps)), [value.id])
    if !isOfTensorFlow { value.id = try node(name, .cast(Cast(to: .int32)), [value.id]) }
    value.isNonNegative = true
    if !keeps { value.dropAxes(at: found) }
    return value
  }

  /// Vectors of length 1.
  mutating func addUnitLength(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis", "epsilon", "dim", "name"])
    var value = try input(reader)
    let found = try axes(["axis"], rank: value.order.count, at: 0, &reader)
    let order = reader.value("order") ?? 2
    guard order.double == 2 else { throw reader.failure("order", "2", order.kind) }
    // TensorFlow holds the square of the length to this, Keras the length.
    let isOfTensorFlow = reader.layer.settings["function"] != nil
    let stated = try number(["epsilon"], at: Int.max, &reader)
    let least = isOfTensorFlow ? (stated ?? 1e-12).squareRoot() : stated ?? 1e-7
    let name = reader.layer.name
    let axes = found.map { value.order[$0] }.sorted()
    let length = try node(unusedName("\(name)_length"), .reduce(Reduce(.l2, axes: axes)), [value.id])
    let divisor = try node(
      unusedName("\(name)_divisor"), .variadic(.max),
      [length, try constant("\(name).least", [least], value)])
    value.id = try node(name, .binary(.div), [value.id, divisor])
    return value
  }

  /// 1 at the place that a number names, and 0 elsewhere, along a new last axis.
  mutating func addOneHot(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let value = try natural(try input(reader), reader)
    let count = try reader.integer("num_classes")
    let axis = try reader.integer("axis", default: -1)
    if try reader.bool("sparse", default: false) { throw reader.failure("sparse", "false", "true") }
    guard axis == -1, (1...1 << 20).contains(count) else {
      throw reader.failure("num_classes, axis", "a positive number, and -1", "\(count), \(axis)")
    }
    let name = reader.layer.name
    let numbers = try node(unusedName("\(name)_numbers"), .cast(Cast(to: .int64)), [value.id])
    let values = try initializer("\(name).values", Tensor([0, 1] as [Float], shape: [2]))
    let id = try node(
      name, .oneHot(OneHot(axis: value.order.count, depth: count)), [numbers, values])
    return LayerValue(id: id, order: Array(0...value.order.count), isNonNegative: true)
  }

  // MARK: Compositions of single functions

  /// A function of x that the graph has no operator for.
  mutating func addComposition(_ operation: Operation, _ reader: LayerReader) throws(ScaleNetError)
    -> LayerValue
  {
    try requireNoConstants(reader, but: ["name"])
    var value = try input(reader)
    let name = reader.layer.name
    let one = try constant("\(name).one", [1], value)
    switch operation {
    case .inverseRoot:
      let root = try node(unusedName("\(name)_root"), .unary(.sqrt), [value.id])
      value.id = try node(name, .unary(.reciprocal), [root])
    case .expLessOne:
      let power = try node(unusedName("\(name)_exp"), .unary(.exp), [value.id])
      value.id = try node(name, .binary(.sub), [power, one])
    case .logOfMore:
      let more = try node(unusedName("\(name)_more"), .binary(.add), [value.id, one])
      value.id = try node(name, .unary(.log), [more])
    default:
      throw reader.failure("class_name", "a function of single numbers", "\(operation)")
    }
    value.isNonNegative = false
    return value
  }
}
