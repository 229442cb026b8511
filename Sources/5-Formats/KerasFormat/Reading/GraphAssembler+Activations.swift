import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  mutating func addRelu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    // A limit that nothing reaches is none.
    let stated = try reader.number("max_value", allowsInfinity: true)
    let largest =
      reader.isHalf ? Double(Float16.greatestFiniteMagnitude) : Double(Float.greatestFiniteMagnitude)
    let most = stated.flatMap { $0 < largest ? $0 : nil }
    let slope = try reader.number("negative_slope", default: 0) ?? 0
    let threshold = try reader.number("threshold", default: 0) ?? 0
    guard threshold >= 0, slope >= 0 else {
      throw reader.failure("threshold, negative_slope", "0 or more", "\(threshold), \(slope)")
    }
    if let most, most < 0 { throw reader.failure("max_value", "0 or more", "\(most)") }
    let name = reader.layer.name
    if threshold > 0 {
      return try limited(value, threshold: threshold, slope: slope, most: most, name: name)
    }
    if slope != 0 {
      value.id = try node(
        most == nil ? name : unusedName("\(name)_slope"), .unary(.leakyRelu(alpha: Float(slope))),
        [value.id])
      value.isNonNegative = false
      guard let most else { return value }
      value.id = try node(
        name, .unary(.clip(minimum: -.greatestFiniteMagnitude, maximum: Float(most))), [value.id])
      return value
    }
    let op: Operator = most.map { .unary(.clip(minimum: 0, maximum: Float($0))) } ?? .unary(.relu)
    value.id = try node(name, op, [value.id])
    value.isNonNegative = true
    return value
  }

  /// x where it is above a threshold, at most a limit; below it a slope times what it is less.
  private mutating func limited(
    _ value: LayerValue, threshold: Double, slope: Double, most: Double?, name: String
  ) throws(ScaleNetError) -> LayerValue {
    var value = value
    let input = value.id
    func next(_ isLast: Bool, _ suffix: String, _ assembler: inout GraphAssembler) -> String {
      isLast ? name : assembler.unusedName("\(name)_\(suffix)")
    }
    value.id = try node(
      next(most == nil && slope == 0, "above", &self), .unary(.thresholdedRelu(alpha: Float(threshold))),
      [input])
    if let most {
      value.id = try node(
        next(slope == 0, "limited", &self), .unary(.clip(minimum: 0, maximum: Float(most))), [value.id])
    }
    value.isNonNegative = slope == 0
    guard slope != 0 else { return value }
    let less = try node(
      unusedName("\(name)_less"), .binary(.sub),
      [try constant("\(name).threshold", [threshold], value), input])
    let below = try node(unusedName("\(name)_below"), .unary(.relu), [less])
    let part = try node(
      unusedName("\(name)_slope"), .binary(.mul), [below, try constant("\(name).slope", [slope], value)])
    value.id = try node(name, .binary(.sub), [value.id, part])
    return value
  }

  /// Keras 2 names the slope alpha, Keras 3 negative_slope.
  mutating func addLeakyRelu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let alpha = try reader.number("alpha")
    guard let slope = try reader.number("negative_slope", default: alpha ?? 0.3) else { return value }
    value.id = try node(reader.layer.name, .unary(.leakyRelu(alpha: Float(slope))), [value.id])
    value.isNonNegative = value.isNonNegative && slope >= 0
    return value
  }

  mutating func addPRelu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let stated = reader.value("shared_axes")
    var shared: [Int] = []
    if case .array(let items)? = stated {
      shared = items.compactMap { if case .integer(let axis) = $0 { axis } else { nil } }
      guard shared.count == items.count, shared.allSatisfy({ (1..<value.order.count).contains($0) }) else {
        throw reader.failure("shared_axes", "axes behind the batch", stated?.kind ?? "nothing")
      }
    } else if let stated {
      throw reader.failure("shared_axes", "a list of axes", stated.kind)
    }
    let extents = extents(value.id)
    let shape = value.order.indices.dropFirst().map { shared.contains($0) ? 1 : extents[value.order[$0]] }
    let alpha = try weights(reader, [("alpha", TensorShape(shape))])[0]
    // The axes as the graph has them.
    var positions = [Int](repeating: 0, count: value.order.count)
    for (position, axis) in value.order.enumerated() { positions[axis] = position }
    guard let aligned = alpha.reshaped(TensorShape([1] + shape)) else {
      throw reader.failure("alpha", "elements without gaps", "others")
    }
    let slope = try initializer("\(reader.layer.name).alpha", aligned.transposed(positions))
    value.id = try node(reader.layer.name, .binary(.pRelu), [value.id, slope])
    value.isNonNegative = false
    return value
  }

  mutating func addElu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    guard let alpha = try reader.number("alpha", default: 1) else { return value }
    value.id = try node(reader.layer.name, .unary(.elu(alpha: Float(alpha))), [value.id])
    value.isNonNegative = false
    return value
  }

  /// x where it is above theta.
  mutating func addThresholdedRelu(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    guard let theta = try reader.number("theta", default: 1), theta >= 0 else {
      throw reader.failure("theta", "0 or more", "less")
    }
    value.id = try node(reader.layer.name, .unary(.thresholdedRelu(alpha: Float(theta))), [value.id])
    value.isNonNegative = true
    return value
  }
}
