import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  mutating func addConcatenate(
    _ reader: inout LayerReader, key: String = "axis"
  ) throws(ScaleNetError) -> LayerValue {
    let values = try alike(try inputs(reader), reader)
    let stated = try reader.axis(key, rank: values[0].order.count, default: -1)
    let axis = values[0].order[stated]
    guard stated > 0 else { throw reader.failure(key, "an axis behind the batch", "0") }
    var value = values[0]
    value.id = try node(reader.layer.name, .concat(Concat(axis: axis)), values.map(\.id))
    value.isNonNegative = values.allSatisfy(\.isNonNegative)
    return value
  }

  /// A sum, product, difference or extremum of values.
  mutating func addMerge(_ reader: inout LayerReader, _ op: Operator) throws(ScaleNetError) -> LayerValue {
    var values = try inputs(reader)
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

  /// What one layer did before there was a class for each: `mode` says what.
  mutating func addLegacyMerge(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    // They matter to functions, which `mode` may name, and to products.
    for key in [
      "dot_axes", "output_shape", "output_mask", "arguments", "mode_type", "output_shape_type",
      "output_mask_type", "node_indices", "tensor_indices",
    ] { _ = reader.value(key) }
    let axis = reader.value("concat_axis")
    let mode = try reader.word("mode", ["sum", "mul", "ave", "max", "concat"], default: "sum")
    switch mode {
    case "mul": return try addMerge(&reader, .binary(.mul))
    case "ave": return try addAverage(&reader)
    case "max": return try addMerge(&reader, .variadic(.max))
    case "concat":
      guard axis == nil || axis?.double != nil else {
        throw reader.failure("concat_axis", "a whole number", axis?.kind ?? "")
      }
      return try addConcatenate(&reader, key: "concat_axis")
    default: return try addMerge(&reader, .binary(.add))
    }
  }

  /// The products of vectors along an axis of each of two values, of two or three axes.
  mutating func addDot(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var values = try inputs(reader)
    let normalizes = try reader.bool("normalize", default: false)
    let stated = reader.value("axes")
    var axes: [Int] = []
    switch stated {
    case .integer(let axis)?: axes = [axis, axis]
    case .array(let items)?: axes = items.compactMap { if case .integer(let axis) = $0 { axis } else { nil } }
    default: break
    }
    guard values.count == 2, axes.count == 2 else {
      throw reader.failure("axes", "an axis of each of two layers", stated?.kind ?? "nothing")
    }
    let name = reader.layer.name
    if values.contains(where: { $0.order.count > 3 }), !normalizes {
      return try contracted(values, axes, name, reader)
    }
    for index in values.indices {
      let rank = values[index].order.count
      if axes[index] < 0 { axes[index] += rank }
      guard (2...3).contains(rank), (1..<rank).contains(axes[index]) else {
        throw reader.failure("axes", "an axis behind the batch of two or three", "\(axes)")
      }
      // The vectors are the last axis of the first, and the axis behind the batch of the second.
      if index == 0 || rank == 2 {
        values[index] = try withLast(values[index], axes[index], reader)
      } else {
        values[index] = try arranged(values[index], axes[1] == 1 ? [0, 1, 2] : [0, 2, 1], reader)
      }
      if normalizes {
        let axis = index == 0 || rank == 2 ? rank - 1 : 1
        values[index].id = try node(
          unusedName("\(name)_unit"), .lpNormalization(LpNormalization(axis: axis)), [values[index].id])
      }
    }
    let ranks = values.map(\.order.count)
    let (left, right) = (values[0].id, values[1].id)
    if ranks == [2, 2] {
      let products = try node(unusedName("\(name)_products"), .binary(.mul), [left, right])
      let sum = try node(name, .reduce(Reduce(.sum, axes: [1], keepsAxes: true)), [products])
      return LayerValue(id: sum, order: [0, 1])
    }
    // A vector is a matrix of one row, or of one column.
    let rows =
      ranks[0] == 2 ? try node(unusedName("\(name)_row"), .unsqueeze(Unsqueeze(axes: [1])), [left]) : left
    let columns =
      ranks[1] == 2
      ? try node(unusedName("\(name)_column"), .unsqueeze(Unsqueeze(axes: [2])), [right]) : right
    let isMatrix = ranks == [3, 3]
    var product = try node(
      isMatrix ? name : unusedName("\(name)_product"), .matMul(MatMul()), [rows, columns])
    if !isMatrix { product = try node(name, .squeeze(Squeeze(axes: [ranks[0] == 2 ? 1 : 2])), [product]) }
    return LayerValue(id: product, order: Array(0..<(isMatrix ? 3 : 2)))
  }

  /// The same of any number of axes: what is left of the first, and then of the second.
  private mutating func contracted(
    _ values: [LayerValue], _ stated: [Int], _ name: String, _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    let ranks = values.map(\.order.count)
    let axes = zip(stated, ranks).map { $0 < 0 ? $0 + $1 : $0 }
    guard zip(axes, ranks).allSatisfy({ (1..<$1).contains($0) }), ranks.allSatisfy({ $0 <= 8 }) else {
      throw reader.failure("axes", "axes behind the batch", "\(stated)")
    }
    let left = Array("abcdefgh".prefix(ranks[0]))
    var right = Array("aijklmno".prefix(ranks[1]))
    right[axes[1]] = left[axes[0]]
    var result = left
    result.remove(at: axes[0])
    for (axis, letter) in right.enumerated() where axis > 0 && axis != axes[1] { result.append(letter) }
    var ids: [ValueID] = []
    for value in values { ids.append(try natural(value, reader).id) }
    let equation = "\(String(left)),\(String(right))->\(String(result))"
    return LayerValue(
      id: try node(name, .einsum(Einsum(equation: equation)), ids), order: Array(result.indices))
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
  mutating func alike(_ values: [LayerValue], _ reader: LayerReader) throws(ScaleNetError)
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
}
