import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  /// Another order of the axes takes no node until somebody needs them in it.
  mutating func addPermute(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try input(reader)
    let stated = reader.value("dims")
    var dims: [Int] = []
    if case .array(let items)? = stated {
      dims = items.compactMap { if case .integer(let axis) = $0 { axis } else { nil } }
    }
    let rank = value.order.count
    guard dims.sorted() == Array(1..<rank) else {
      throw reader.failure(
        "dims", "each axis of rank \(rank) behind the batch once", stated?.kind ?? "nothing")
    }
    value.order = [value.order[0]] + dims.map { value.order[$0] }
    return value
  }

  mutating func addFlatten(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try rawInput(reader)
    guard value.order.count > 2 else { return value }
    // Told that channels are first, Keras puts them last before.
    if format == .channelsFirst { value.order = [value.order[0]] + value.order[2...] + [value.order[1]] }
    return try flattened(value, reader)
  }

  /// A matrix of a value, whose axes Keras flattens in its order.
  mutating func flattened(_ value: LayerValue, _ reader: LayerReader) throws(ScaleNetError)
    -> LayerValue
  {
    var result = value
    result.order = [0, 1]
    let extents = extents(value.id)
    if !isAscending(value.order, extents) {
      let last = DataFormat.channelsLast
      if extents.count == 4, isAscending(value.order.map { [0, 3, 1, 2][$0] }, last.arranged(extents)) {
        result.spatial = LayerValue.Spatial(channels: extents[1], height: extents[2], width: extents[3])
      } else {
        result.id = try arranged(value, Array(extents.indices), reader).id
      }
    }
    result.id = try node(reader.layer.name, .flatten(Flatten()), [result.id])
    return result
  }

  /// Whether Keras has the elements of a value in the order in which the graph has them.
  private func isAscending(_ order: [Int], _ extents: [Int]) -> Bool {
    let axes = order.dropFirst().filter { extents[$0] != 1 }
    return axes == axes.sorted()
  }

  mutating func addReshape(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let stated = reader.value("target_shape")
    guard case .array(let items)? = stated else {
      throw reader.failure("target_shape", "a list of extents", stated?.kind ?? "nothing")
    }
    let target = items.compactMap { if case .integer(let extent) = $0 { extent } else { nil } }
    guard target.count == items.count else {
      throw reader.failure("target_shape", "extents, at most one of them -1", stated?.kind ?? "nothing")
    }
    return try reshaped(try rawInput(reader), target, reader)
  }

  /// A value with other extents behind the batch; one of them may be -1.
  mutating func reshaped(
    _ raw: LayerValue, _ stated: [Int], _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var (value, target) = (raw, stated)
    let count = extents(value.id).dropFirst().reduce(1, *)
    let known = TensorShape(checking: target.filter { $0 != -1 })?.elementCount
    guard !target.isEmpty, let known, target.count(where: { $0 == -1 }) <= 1 else {
      throw reader.failure("target_shape", "extents, at most one of them -1", "\(target)")
    }
    if let hole = target.firstIndex(of: -1), known > 0, count % known == 0 { target[hole] = count / known }
    guard target.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) == count,
      target.allSatisfy({ $0 >= 0 })
    else { throw reader.failure("target_shape", "\(count) elements", "\(target)") }
    if target.count == 1 {
      return value.order.count == 2 ? value : try flattened(value, reader)
    }
    value = try settled(value, reader)
    let extents = extents(value.id)
    if !isAscending(value.order, extents) { value = try arranged(value, Array(extents.indices), reader) }
    // Pixels are NCHW in the graph whatever their order in Keras.
    let last = DataFormat.channelsLast.order
    var order = Array(0...target.count)
    if target.count == 3, !(inputFormat == .channelsFirst && target[1...] == [1, 1]) {
      let arranged = [0, target[2], target[0], target[1]]
      if isAscending(last, arranged) { (order, target) = (last, Array(arranged[1...])) }
    }
    value.id = try node(reader.layer.name, .reshape(Reshape(shape: [0] + target)), [value.id])
    value.order = order
    return value
  }
}
