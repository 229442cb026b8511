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

  /// (x - mean) / sqrt(variance), with statistics that are settings or weights.
  mutating func addNormalization(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    if try reader.bool("invert", default: false) { throw reader.failure("invert", "false", "true") }
    let hasAxis = reader.layer.settings["axis"].map { $0 != .null && $0 != [] } ?? true
    let stated = hasAxis ? try reader.axis("axis", rank: value.order.count, default: -1) : nil
    if !hasAxis { _ = reader.value("axis") }
    let axis = stated.map { value.order[$0] }
    let count = axis.map { extents(value.id)[$0] } ?? 1
    let settings = (try reader.numbers("mean"), try reader.numbers("variance"))
    var statistics: [[Double]] = []
    if let mean = settings.0, let variance = settings.1 {
      statistics = [mean, variance]
    } else {
      let shape: TensorShape = axis == nil ? [] : [count]
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
    if statistics[0].contains(where: { $0 != 0 }) {
      let mean = try constant("\(name).mean", statistics[0], value, axis: axis)
      value.id = try node(unusedName("\(name)_center"), .binary(.sub), [value.id, mean])
      value.isNonNegative = false
    }
    if deviation.contains(where: { $0 != 1 }) {
      let divisor = try constant("\(name).deviation", deviation, value, axis: axis)
      value.id = try node(name, .binary(.div), [value.id, divisor])
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
