import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  mutating func addBatchNormalization(
    _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let stated = try reader.axis("axis", rank: value.order.count, default: -1)
    guard stated > 0 else { throw reader.failure("axis", "an axis behind the batch", "0") }
    if value.order[stated] != 1 {
      // The graph normalises along axis 1.
      let rest = Array(2..<value.order.count)
      value = try arranged(value, [0] + rest[..<(stated - 1)] + [1] + rest[(stated - 1)...], reader)
    }
    guard let epsilon = try reader.number("epsilon", default: 1e-3), epsilon >= 0 else {
      throw reader.failure("epsilon", "0 or more", "less")
    }
    let hasScale = try reader.bool("scale", default: true)
    let hasCenter = try reader.bool("center", default: true)
    let shape: TensorShape = [extents(value.id)[1]]
    var expected: [(name: String, shape: TensorShape)] = []
    if hasScale { expected.append(("gamma", shape)) }
    if hasCenter { expected.append(("beta", shape)) }
    expected += [("moving_mean", shape), ("moving_variance", shape)]
    var tensors = try weights(reader, expected)
    if !hasScale { tensors.insert(Tensor([Float](repeating: 1, count: shape[0]), shape: shape), at: 0) }
    if !hasCenter { tensors.insert(Tensor([Float](repeating: 0, count: shape[0]), shape: shape), at: 1) }
    var inputs: [ValueID?] = [value.id]
    for (name, tensor) in zip(["gamma", "beta", "moving_mean", "moving_variance"], tensors) {
      let arranged = try rearranged(tensor.reshaped([shape[0], 1]) ?? tensor, value, reader)
      inputs.append(
        try initializer("\(reader.layer.name).\(name)", arranged.reshaped(shape) ?? arranged))
    }
    value.id = try node(
      reader.layer.name, .batchNormalization(BatchNormalization(epsilon: Float(epsilon))), inputs)
    value.isNonNegative = false
    return value
  }

  /// Normalisation along one or several axes, which become the last ones of the graph.
  mutating func addLayerNormalization(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let rank = value.order.count
    let axes = try reader.axes("axis", rank: rank, default: -1)
    if try reader.bool("rms_scaling", default: false) { throw reader.failure("rms_scaling", "false", "true") }
    let epsilon = try positiveEpsilon(&reader)
    // The axes that are normalised come last.
    let rest = (0..<rank).filter { !axes.contains($0) } + axes
    value = try arranged(value, (0..<rank).map { rest.firstIndex(of: $0)! }, reader)
    let shape = TensorShape(Array(extents(value.id).suffix(axes.count)))
    let (scale, offset) = try scaleAndOffset(shape, &reader)
    value.id = try node(
      reader.layer.name,
      .layerNormalization(LayerNormalization(axis: rank - axes.count, epsilon: Float(epsilon))),
      [value.id, scale, offset])
    value.isNonNegative = false
    return value
  }

  /// Normalisation of groups of positions along an axis, which becomes the channels of the graph.
  mutating func addGroupNormalization(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let rank = value.order.count
    let axis = try reader.axis("axis", rank: rank, default: -1)
    guard axis > 0 else { throw reader.failure("axis", "an axis behind the batch", "0") }
    if value.order[axis] != 1 {
      let rest = Array(2..<rank)
      value = try arranged(value, [0] + rest[..<(axis - 1)] + [1] + rest[(axis - 1)...], reader)
    }
    let channels = extents(value.id)[1]
    let stated = try reader.integer("groups", default: 32)
    let groups = stated == -1 ? channels : stated
    guard groups > 0, channels % groups == 0 else {
      throw reader.failure("groups", "a divisor of \(channels)", "\(stated)")
    }
    let epsilon = try positiveEpsilon(&reader)
    let (scale, offset) = try scaleAndOffset([channels], &reader)
    value.id = try node(
      reader.layer.name, .groupNormalization(GroupNormalization(groups: groups, epsilon: Float(epsilon))),
      [value.id, scale, offset])
    value.isNonNegative = false
    return value
  }

  /// Vectors of length 1 along an axis.
  mutating func addUnitNormalization(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let stated = try reader.axes("axis", rank: value.order.count, default: -1)
    guard stated.count > 1 else {
      value.id = try node(
        reader.layer.name, .lpNormalization(LpNormalization(axis: value.order[stated[0]])), [value.id])
      return value
    }
    let name = reader.layer.name
    let axes = stated.map { value.order[$0] }.sorted()
    let length = try node(unusedName("\(name)_length"), .reduce(Reduce(.l2, axes: axes)), [value.id])
    // The root of Keras's least sum of squares.
    let least = try constant("\(name).least", [1e-6], value)
    let divisor = try node(unusedName("\(name)_divisor"), .variadic(.max), [length, least])
    value.id = try node(name, .binary(.div), [value.id, divisor])
    return value
  }

  /// Division by the root of the mean square along the last axes.
  mutating func addRMSNormalization(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let rank = value.order.count
    let axes = try reader.axes("axis", rank: rank, default: -1)
    guard let epsilon = try reader.number("epsilon", default: 1e-6), epsilon >= 0 else {
      throw reader.failure("epsilon", "0 or more", reader.layer.settings["epsilon"]?.kind ?? "nothing")
    }
    let rest = (0..<rank).filter { !axes.contains($0) } + axes
    value = try arranged(value, (0..<rank).map { rest.firstIndex(of: $0)! }, reader)
    let shape = TensorShape(Array(extents(value.id).suffix(axes.count)))
    let scale = try weights(reader, [("scale", shape)])[0]
    let name = reader.layer.name
    let last = Array(rank - axes.count..<rank)
    let square = try node(unusedName("\(name)_square"), .binary(.mul), [value.id, value.id])
    let mean = try node(unusedName("\(name)_mean"), .reduce(Reduce(.mean, axes: last)), [square])
    let least = try constant("\(name).epsilon", [epsilon], value)
    let sum = try node(unusedName("\(name)_sum"), .binary(.add), [mean, least])
    let root = try node(unusedName("\(name)_root"), .unary(.sqrt), [sum])
    let unit = try node(unusedName("\(name)_unit"), .binary(.div), [value.id, root])
    value.id = try node(name, .binary(.mul), [unit, try initializer("\(name).scale", scale)])
    value.isNonNegative = false
    return value
  }

  private func positiveEpsilon(_ reader: inout LayerReader) throws(ScaleNetError) -> Double {
    guard let epsilon = try reader.number("epsilon", default: 1e-3), epsilon >= 0 else {
      throw reader.failure("epsilon", "0 or more", reader.layer.settings["epsilon"]?.kind ?? "nothing")
    }
    return epsilon
  }

  /// The weights gamma and beta, or ones and zeros where the layer does without.
  private mutating func scaleAndOffset(
    _ shape: TensorShape, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> (scale: ValueID, offset: ValueID) {
    let hasScale = try reader.bool("scale", default: true)
    let hasOffset = try reader.bool("center", default: true)
    var expected: [(name: String, shape: TensorShape)] = []
    if hasScale { expected.append(("gamma", shape)) }
    if hasOffset { expected.append(("beta", shape)) }
    var tensors = expected.isEmpty ? [] : try weights(reader, expected)
    func filled(_ number: Float) -> Tensor {
      Tensor([Float](repeating: number, count: shape.elementCount), shape: shape)
    }
    if !hasScale { tensors.insert(filled(1), at: 0) }
    if !hasOffset { tensors.append(filled(0)) }
    let name = reader.layer.name
    return (
      try initializer("\(name).gamma", tensors[0]), try initializer("\(name).beta", tensors[1])
    )
  }
}
