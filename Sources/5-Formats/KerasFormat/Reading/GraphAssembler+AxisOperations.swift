import FileIO
import JSONText
import ModelIR

/// Operations that take values apart along an axis, put them together, and change the order of positions.
extension GraphAssembler {
  /// One axis behind the batch, as Keras counts it.
  private func axis(
    _ names: [String] = ["axis"], rank: Int, at position: Int, default standard: Int? = nil,
    _ reader: inout LayerReader
  ) throws(ScaleNetError) -> Int {
    let found = try integers(names, at: position, &reader) ?? (standard.map { [$0] } ?? [])
    let axes = found.map { $0 < 0 ? $0 + rank : $0 }
    guard axes.count == 1, (1..<rank).contains(axes[0]) else {
      throw reader.failure(names[0], "an axis behind the batch of rank \(rank)", "\(found)")
    }
    return axes[0]
  }

  /// Values beside each other along a new axis.
  mutating func addStack(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis"])
    let values = try naturals(reader)
    guard let first = values.first, values.allSatisfy({ $0.order.count == first.order.count }) else {
      throw reader.failure("inbound_nodes", "tensors of one rank", "others")
    }
    let axis = try axis(rank: first.order.count + 1, at: 0, default: 0, &reader)
    let name = reader.layer.name
    var parts: [ValueID] = []
    for value in values {
      parts.append(try node(unusedName("\(name)_part"), .unsqueeze(Unsqueeze(axes: [axis])), [value.id]))
    }
    let id = try node(name, .concat(Concat(axis: axis)), parts)
    return LayerValue(id: id, order: Array(0...first.order.count))
  }

  /// Parts of one extent, parts of stated extents (TensorFlow), or parts between stated positions (Keras 3).
  mutating func addSplit(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis", "num_or_size_splits", "num", "name"])
    let value = try input(reader)
    let isOfTensorFlow = reader.layer.settings["function"] != nil
    let names = isOfTensorFlow ? ["num_or_size_splits"] : ["indices_or_sections"]
    let stated = stated(names, at: 0, &reader)
    let position = try axis(rank: value.order.count, at: 1, default: 0, &reader)
    let axis = value.order[position]
    let extent = extents(value.id)[axis]
    var bounds: [Int] = []
    switch stated {
    case .integer(let count)? where (1...4096).contains(count) && extent % count == 0:
      bounds = (0...count).map { $0 * (extent / count) }
    case .array(let items)?:
      let numbers = items.compactMap { if case .integer(let number) = $0 { number } else { nil } }
      if numbers.count == items.count, isOfTensorFlow {
        let known = numbers.filter { $0 >= 0 }.reduce(0, +)
        bounds = [0]
        for number in numbers {
          bounds.append(bounds[bounds.count - 1] + (number < 0 ? extent - known : number))
        }
      } else if numbers.count == items.count {
        bounds = [0] + numbers.map { $0 < 0 ? $0 + extent : $0 } + [extent]
      }
    default: break
    }
    let isRising = zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
    guard bounds.count > 1, isRising, bounds.last == extent else {
      throw reader.failure(names[0], "parts of \(extent)", stated?.kind ?? "nothing")
    }
    return try parts(value, axis, bounds, reader)
  }

  private mutating func parts(
    _ value: LayerValue, _ axis: Int, _ bounds: [Int], _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var parts: [LayerValue] = []
    for (start, end) in zip(bounds, bounds.dropFirst()) {
      var part = value
      let slice = Slice(axes: [axis], starts: [start], steps: [1], counts: [end - start])
      part.id = try node(
        parts.isEmpty ? reader.layer.name : unusedName("\(reader.layer.name)_\(parts.count)"),
        .slice(slice), [value.id])
      parts.append(part)
    }
    furtherValues = Array(parts.dropFirst())
    return parts[0]
  }

  /// All positions of an axis, each as a value without it.
  mutating func addUnstack(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis", "num", "name"])
    let value = try input(reader)
    _ = reader.value("num")
    let position = try axis(rank: value.order.count, at: Int.max, default: 0, &reader)
    let axis = value.order[position]
    let extent = extents(value.id)[axis]
    guard (1...4096).contains(extent) else {
      throw reader.failure("axis", "one of at most 4096 positions", "\(extent)")
    }
    let first = try parts(value, axis, Array(0...extent), reader)
    var result: [LayerValue] = []
    for part in [first] + furtherValues {
      var one = part
      one.id = try node(
        unusedName("\(reader.layer.name)_item"), .squeeze(Squeeze(axes: [axis])), [part.id])
      one.dropAxes(at: [position])
      result.append(one)
    }
    furtherValues = Array(result.dropFirst())
    return result[0]
  }

  /// Positions from behind.
  mutating func addFlip(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis", "name"])
    var value = try input(reader)
    for position in try axes(["axis"], rank: value.order.count, at: 0, &reader) {
      value.id = try reversed(value.id, axis: value.order[position], reader)
    }
    return value
  }

  /// Positions moved on, the last ones to the front.
  mutating func addRoll(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["shift", "axis", "name"])
    var value = try input(reader)
    let shifts = try integers(["shift"], at: 0, &reader) ?? []
    let found = (try integers(["axis"], at: 1, &reader) ?? []).map { $0 < 0 ? $0 + value.order.count : $0 }
    guard shifts.count == found.count, !found.isEmpty,
      found.allSatisfy({ (1..<value.order.count).contains($0) })
    else { throw reader.failure("axis", "an axis behind the batch for each shift", "\(found)") }
    for (shift, position) in zip(shifts, found) {
      let axis = value.order[position]
      let extent = extents(value.id)[axis]
      guard extent > 0 else { throw reader.failure("axis", "known extents", "\(graph[value.id].type)") }
      let steps = (shift % extent + extent) % extent
      let places = (0..<extent).map { ($0 - steps + extent) % extent }
      value.id = try gathered(value.id, axis, places, reader)
    }
    return value
  }

  private mutating func gathered(
    _ id: ValueID, _ axis: Int, _ places: [Int], _ reader: LayerReader
  ) throws(ScaleNetError) -> ValueID {
    try node(
      unusedName("\(reader.layer.name)_gather"),
      .gather(Gather(axis: axis, indices: places, indexShape: [places.count])), [id])
  }

  /// All of a value several times along its axes.
  mutating func addTile(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["multiples", "name"])
    var value = try input(reader)
    let counts = try integers(["multiples", "repeats"], at: 0, &reader) ?? []
    guard counts.count == value.order.count, counts.first == 1,
      counts.allSatisfy({ (1...1 << 16).contains($0) })
    else { throw reader.failure("repeats", "1, and a positive number for each axis", "\(counts)") }
    var repeats = [Int](repeating: 1, count: counts.count)
    for (position, axis) in value.order.enumerated() { repeats[axis] = counts[position] }
    value.id = try node(reader.layer.name, .tile(Tile(repeats: repeats)), [value.id])
    return value
  }

  /// Each position of an axis several times.
  mutating func addRepeat(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["repeats", "axis", "name"])
    var value = try input(reader)
    let counts = try integers(["repeats"], at: 0, &reader) ?? []
    let position = try axis(rank: value.order.count, at: 1, &reader)
    guard counts.count == 1 else { throw reader.failure("repeats", "one number", "\(counts)") }
    value.id = try repeated(value.id, axis: value.order[position], counts[0], reader)
    return value
  }

  /// Some positions of an axis.
  mutating func addTake(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(
      reader, but: ["indices", "axis", "batch_dims", "validate_indices", "name"])
    var value = try input(reader)
    let position = try axis(rank: value.order.count, at: Int.max, &reader)
    let axis = value.order[position]
    let extent = extents(value.id)[axis]
    let isOne = if case .integer? = stated(["indices"], at: 0, &reader) { true } else { false }
    let places = (try integers(["indices"], at: 0, &reader) ?? []).map { $0 < 0 ? $0 + extent : $0 }
    guard !places.isEmpty, places.allSatisfy({ (0..<extent).contains($0) }) else {
      throw reader.failure("indices", "known positions of \(extent)", "\(places)")
    }
    value.id = try gathered(value.id, axis, places, reader)
    if isOne {
      value.id = try node(reader.layer.name, .squeeze(Squeeze(axes: [axis])), [value.id])
      value.dropAxes(at: [position])
    }
    return value
  }

  /// Axes in another order: one moved to another place, or two exchanged. That takes no node.
  mutating func addAxisMove(exchanges: Bool, _ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue
  {
    var value = try input(reader)
    let rank = value.order.count
    let first = try axis([exchanges ? "axis1" : "source"], rank: rank, at: 0, &reader)
    let second = try axis([exchanges ? "axis2" : "destination"], rank: rank, at: 1, &reader)
    if exchanges {
      value.order.swapAt(first, second)
    } else {
      let moved = value.order.remove(at: first)
      value.order.insert(moved, at: second)
    }
    return value
  }

  // MARK: Blocks of pixels

  mutating func addBlocks(isDepth: Bool, _ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["block_size", "data_format", "name"])
    var value = try image(try input(reader), try format(&reader), reader)
    let size = try integers(["block_size"], at: 0, &reader) ?? []
    guard size.count == 1, (1...1 << 10).contains(size[0]) else {
      throw reader.failure("block_size", "a positive number", "\(size)")
    }
    value.id = try node(
      reader.layer.name,
      isDepth
        ? .depthToSpace(DepthToSpace(blockSize: size[0])) : .spaceToDepth(SpaceToDepth(blockSize: size[0])),
      [value.id])
    return value
  }

  /// The order of an image's axes, in Keras's words or TensorFlow's.
  private func format(_ reader: inout LayerReader) throws(ScaleNetError) -> DataFormat {
    let stated = constant("data_format", at: Int.max, reader) ?? reader.value("data_format") ?? .null
    switch stated {
    case .null, .string("channels_last"), .string("NHWC"): return .channelsLast
    case .string("channels_first"), .string("NCHW"): return .channelsFirst
    default: throw reader.failure("data_format", "channels_last or channels_first", stated.kind)
    }
  }

  /// A pool as an operation: it becomes the layer.
  mutating func addPoolOperation(_ layerClass: LayerClass, _ reader: inout LayerReader) throws(ScaleNetError)
    -> LayerValue
  {
    try requireNoConstants(reader, but: ["ksize", "strides", "padding", "data_format", "name"])
    let isOfTensorFlow = reader.layer.settings["function"] != nil
    let size = stated(isOfTensorFlow ? ["ksize"] : ["pool_size"], at: 0, &reader) ?? .null
    let strides = stated(["strides"], at: 1, &reader) ?? .null
    let padding = stated(["padding"], at: 2, &reader) ?? "valid"
    guard case .string(let word) = padding else {
      throw reader.failure("padding", "valid or same", padding.kind)
    }
    let format = try format(&reader)
    let value = try input(reader)
    guard value.order.count == 4 else {
      throw reader.failure("inbound_nodes", "a feature map", "\(graph[value.id].type)")
    }
    var settings: [JSON.Member] = [
      JSON.Member(key: "pool_size", value: size),
      JSON.Member(key: "padding", value: .string(word.lowercased())),
      JSON.Member(key: "data_format", value: .string(format.rawValue)),
    ]
    if strides != .null { settings.append(JSON.Member(key: "strides", value: strides)) }
    let layer = reader.layer.changed(to: layerClass, .object(settings), inputs: [place(value)])
    var own = try LayerReader(layer, path: path, isKeras3: isKeras3)
    let result = try add(layer, &own)
    try own.finish()
    return result
  }
}
