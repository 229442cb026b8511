import FileIO
import ModelIR

extension GraphAssembler {
  mutating func addConcatenate(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let values = try alike(try inputs(reader), reader)
    let stated = try reader.axis("axis", rank: values[0].order.count, default: -1)
    let axis = values[0].order[stated]
    guard stated > 0 else { throw reader.failure("axis", "an axis behind the batch", "0") }
    var value = values[0]
    value.id = try node(reader.layer.name, .concat(Concat(axis: axis)), values.map(\.id))
    value.isNonNegative = values.allSatisfy(\.isNonNegative)
    return value
  }

  /// A sum, product or difference of values; or of one value and a number, as Keras 3 has operations for it.
  mutating func addMerge(_ reader: inout LayerReader, _ op: Operator) throws(ScaleNetError) -> LayerValue {
    var values = try inputs(reader)
    if let operand = reader.layer.operand, values.count == 1 {
      var value = values[0]
      let number = try constant("\(reader.layer.name).operand", [operand.value], value)
      value.id = try node(
        reader.layer.name, op, operand.isFirst ? [number, value.id] : [value.id, number])
      value.isNonNegative = false
      return value
    }
    let isDifference = op == .binary(.sub)
    guard isDifference ? values.count == 2 : values.count >= 2 else {
      throw reader.failure(
        "inbound_nodes", isDifference ? "two layers" : "two layers or more", "\(values.count)")
    }
    // Keras puts axes of 1 behind the batch of what has fewer axes.
    let rank = values.map(\.order.count).max() ?? 0
    for index in values.indices where values[index].order.count < rank {
      values[index] = try expanded(values[index], rank: rank, reader)
    }
    values = try alike(values, reader)
    var value = values[0]
    for (index, other) in values.enumerated().dropFirst() {
      let isLast = index == values.count - 1
      let name = isLast ? reader.layer.name : unusedName("\(reader.layer.name)_\(index)")
      value.id = try node(name, op, [value.id, other.id])
    }
    value.isNonNegative = !isDifference && values.allSatisfy(\.isNonNegative)
    return value
  }

  /// A sum, divided by how many there are.
  mutating func addAverage(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let values = try alike(try inputs(reader), reader)
    guard values.count >= 2 else { throw reader.failure("inbound_nodes", "two layers or more", "one") }
    var value = values[0]
    for other in values.dropFirst() {
      value.id = try node(unusedName("\(reader.layer.name)_sum"), .binary(.add), [value.id, other.id])
    }
    let count = try constant("\(reader.layer.name).count", [Double(values.count)], value)
    value.id = try node(reader.layer.name, .binary(.div), [value.id, count])
    value.isNonNegative = values.allSatisfy(\.isNonNegative)
    return value
  }

  /// Puts axes of 1 behind the batch.
  private mutating func expanded(
    _ value: LayerValue, rank: Int, _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = try arranged(value, Array(value.order.indices), reader)
    let missing = rank - value.order.count
    let extents = extents(value.id).dropFirst()
    let name = unusedName("\(reader.layer.name)_expand")
    let ones = [Int](repeating: 1, count: missing)
    if rank == 4, extents.count == 1 {
      // A pixel is NCHW in the graph.
      value.id = try node(name, .reshape(Reshape(shape: [0] + extents + [1, 1])), [value.id])
      value.order = DataFormat.channelsLast.order
    } else {
      value.id = try node(name, .reshape(Reshape(shape: [0] + ones + extents)), [value.id])
      value.order = Array(0..<rank)
    }
    return value
  }

  /// Values of one rank with their axes in one order.
  private mutating func alike(_ values: [LayerValue], _ reader: LayerReader) throws(ScaleNetError)
    -> [LayerValue]
  {
    guard values.allSatisfy({ $0.order.count == values[0].order.count }) else {
      throw reader.failure("inbound_nodes", "inputs of one rank", "others")
    }
    let standard = standardOrder(values[0].order.count)
    let order = values.contains { $0.order == standard } ? standard : values[0].order
    var result: [LayerValue] = []
    for value in values { result.append(try arranged(value, order, reader)) }
    return result
  }

  /// An initializer that is broadcast to a value: one number, or one for each position along Keras's last axis or along
  /// `axis` of the graph.
  mutating func constant(
    _ name: String, _ numbers: [Double], _ value: LayerValue, axis: Int? = nil
  ) throws(ScaleNetError) -> ValueID {
    var shape = [Int](repeating: 1, count: value.order.count)
    if let axis = axis ?? value.order.last { shape[axis] = numbers.count }
    return try initializer(name, Tensor(numbers.map { Float($0) }, shape: TensorShape(shape)))
  }

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
}
