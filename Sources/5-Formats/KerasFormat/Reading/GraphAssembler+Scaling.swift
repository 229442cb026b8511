import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  mutating func addRescaling(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let scale = try reader.numbers("scale") ?? [1]
    let offset = try reader.numbers("offset") ?? [0]
    let extent = value.order.last.map { extents(value.id)[$0] } ?? 1
    guard [scale.count, offset.count].allSatisfy({ $0 == 1 || $0 == extent }) else {
      throw reader.failure(
        "scale, offset", "one number each, or \(extent)", "\(scale.count) and \(offset.count)")
    }
    let (hasScale, hasOffset) = (scale.contains { $0 != 1 }, offset.contains { $0 != 0 })
    let name = reader.layer.name
    if hasScale {
      let factor = try constant("\(name).scale", scale, value)
      value.id = try node(hasOffset ? unusedName("\(name)_scale") : name, .binary(.mul), [value.id, factor])
    }
    if hasOffset {
      value.id = try node(name, .binary(.add), [value.id, try constant("\(name).offset", offset, value)])
    }
    value.isNonNegative = value.isNonNegative && (scale + offset).allSatisfy { $0 >= 0 }
    return value
  }

  /// (x - mean) / sqrt(variance), or the other way round, with statistics along some axes that are settings or weights.
  mutating func addNormalization(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let inverts = try reader.bool("invert", default: false)
    let rank = value.order.count
    let hasAxis = reader.layer.settings["axis"].map { $0 != .null && $0.unwrapped != [] } ?? true
    let axes = hasAxis ? try reader.axes("axis", rank: rank, default: -1) : []
    if !hasAxis { _ = reader.value("axis") }
    let known = extents(value.id)
    let shape = axes.map { known[value.order[$0]] }
    let count = shape.reduce(1, *)
    let settings = (try reader.numbers("mean"), try reader.numbers("variance"))
    var statistics: [[Double]] = []
    if let mean = settings.0, let variance = settings.1 {
      statistics = [mean, variance]
    } else {
      let shape = TensorShape(shape)
      let tensors = try weights(reader, [("mean", shape), ("variance", shape), ("count", [])])
      for tensor in tensors.prefix(2) {
        do throws(ScaleNetError) { statistics.append(try tensor.doubles()) } catch {
          throw .unreadableWeight(path: path, weight: "layer \(reader.layer.name)", error: error)
        }
      }
    }
    guard statistics.allSatisfy({ $0.count == 1 || $0.count == count }) else {
      throw reader.failure("mean, variance", "\(count) numbers", "\(statistics.map(\.count))")
    }
    let name = reader.layer.name
    // Keras's epsilon keeps it from dividing by 0.
    let deviation = statistics[1].map { max($0.squareRoot(), 1e-7) }
    // Keras's axes as the graph has them.
    var positions = [Int](repeating: 0, count: rank)
    for (position, axis) in value.order.enumerated() { positions[axis] = position }
    let aligned = (0..<rank).map { axes.contains($0) ? known[value.order[$0]] : 1 }
    func operand(_ assembler: inout GraphAssembler, _ what: String, _ numbers: [Double]) throws(ScaleNetError)
      -> ValueID
    {
      if numbers.count == 1 { return try assembler.constant("\(name).\(what)", numbers, value) }
      let tensor = Tensor(numbers.map { Float($0) }, shape: TensorShape(aligned)).transposed(positions)
      return try assembler.initializer("\(name).\(what)", tensor)
    }
    let hasMean = statistics[0].contains { $0 != 0 }
    let hasScale = deviation.contains { $0 != 1 }
    if hasMean || inverts { value.isNonNegative = false }
    if inverts, hasScale {
      let factor = try operand(&self, "deviation", deviation)
      value.id = try node(hasMean ? unusedName("\(name)_scale") : name, .binary(.mul), [value.id, factor])
    }
    if hasMean {
      let mean = try operand(&self, "mean", statistics[0])
      value.id = try node(
        hasScale && !inverts ? unusedName("\(name)_center") : name, .binary(inverts ? .add : .sub),
        [value.id, mean])
    }
    if hasScale, !inverts {
      value.id = try node(name, .binary(.div), [value.id, try operand(&self, "deviation", deviation)])
    }
    return value
  }

  /// A factor for each position along the last axis, as ConvNeXt has it.
  mutating func addLayerScale(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let extent = value.order.last.map { extents(value.id)[$0] } ?? 1
    let count = try reader.integer("projection_dim", default: extent)
    let gamma = try weights(reader, [("gamma", [count])])[0]
    var shape = [Int](repeating: 1, count: value.order.count)
    shape[value.order.last ?? 0] = count
    guard count == extent, let factors = gamma.reshaped(TensorShape(shape)) else {
      throw reader.failure("projection_dim", "\(extent)", "\(count)")
    }
    let id = try initializer("\(reader.layer.name).gamma", factors)
    value.id = try node(reader.layer.name, .binary(.mul), [value.id, id])
    value.isNonNegative = false
    return value
  }

  /// The first value and the second times a number, as InceptionResNetV2 has it.
  mutating func addCustomScale(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let values = try alike(try inputs(reader), reader)
    guard values.count == 2 else { throw reader.failure("inbound_nodes", "two layers", "\(values.count)") }
    guard let scale = try reader.number("scale") else {
      throw reader.failure("scale", "a finite number", reader.layer.settings["scale"]?.kind ?? "nothing")
    }
    let name = reader.layer.name
    let factor = try constant("\(name).scale", [scale], values[1])
    let scaled = try node(unusedName("\(name)_scaled"), .binary(.mul), [values[1].id, factor])
    var value = values[0]
    value.id = try node(name, .binary(.add), [value.id, scaled])
    value.isNonNegative = false
    return value
  }
}
