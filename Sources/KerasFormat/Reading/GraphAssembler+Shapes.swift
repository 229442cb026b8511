import ModelIR

extension GraphAssembler {
  mutating func addUpSampling(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try input(reader)
    try requireImage(value, format, reader)
    let factors = try reader.pair("size", default: [2, 2])
    let interpolation = try reader.word("interpolation", ["nearest", "bilinear"], default: "nearest")
    let extents = extents(value.id)
    let sizes = [
      extents[2].multipliedReportingOverflow(by: factors[0]),
      extents[3].multipliedReportingOverflow(by: factors[1]),
    ]
    guard !sizes.contains(where: \.overflow) else {
      throw reader.failure("size", "factors in range", "\(factors)")
    }
    let isNearest = interpolation == "nearest"
    value.id = try node(
      reader.layer.name,
      .resize(
        Resize(
          mode: isNearest ? .nearest : .linear,
          coordinateTransformation: isNearest ? .asymmetric : .halfPixel,
          extent: .sizes(sizes.map(\.partialValue)))),
      [value.id])
    return value
  }

  mutating func addResizing(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try input(reader)
    try requireImage(value, format, reader)
    let sizes = [try reader.integer("height"), try reader.integer("width")]
    let interpolation = try reader.word("interpolation", ["nearest", "bilinear"], default: "bilinear")
    for key in ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"] {
      if try reader.bool(key, default: false) { throw reader.failure(key, "false", "true") }
    }
    // What is filled if something is padded.
    _ = reader.value("fill_mode")
    _ = reader.value("fill_value")
    // TensorFlow's nearest takes floor((i + 0.5) * scale): half a pixel on, rounded to the nearest, ties up.
    let isNearest = interpolation == "nearest"
    value.id = try node(
      reader.layer.name,
      .resize(
        Resize(
          mode: isNearest ? .nearest : .linear, coordinateTransformation: .halfPixel,
          nearestMode: isNearest ? .roundPreferCeil : .floor, extent: .sizes(sizes))),
      [value.id])
    return value
  }

  mutating func addConcatenate(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let values = try inputs(reader)
    let stated = try reader.axis("axis", rank: rank(values[0]), default: -1)
    let axis = axis(values[0], stated)
    try requireAlike(values, reader)
    guard axis > 0 else { throw reader.failure("axis", "an axis behind the batch", "0") }
    if case .vector(.some) = values[0].arrangement {
      throw reader.failure("inbound_nodes", "feature maps, or vectors of PyTorch's order", "flattened maps")
    }
    var value = values[0]
    value.id = try node(reader.layer.name, .concat(Concat(axis: axis)), values.map(\.id))
    value.isNonNegative = values.allSatisfy(\.isNonNegative)
    return value
  }

  /// A sum or product of two or more values.
  mutating func addMerge(_ reader: inout LayerReader, _ op: Operator) throws(KerasError) -> LayerValue {
    var values = try inputs(reader)
    guard values.count >= 2 else {
      throw reader.failure("inbound_nodes", "two layers or more", "\(values.count)")
    }
    // Keras puts axes of 1 behind the batch of what has fewer axes.
    if let image = values.first(where: { $0.arrangement == .image(.channelsLast) }) {
      for index in values.indices where values[index].arrangement == .vector(spatial: nil) {
        let name = unusedName("\(reader.layer.name)_expand")
        let channels = extents(values[index].id)[1]
        values[index].id = try node(name, .reshape(Reshape(shape: [0, channels, 1, 1])), [values[index].id])
        values[index].arrangement = image.arrangement
      }
    }
    try requireAlike(values, reader)
    var value = values[0]
    for (index, other) in values.enumerated().dropFirst() {
      let isLast = index == values.count - 1
      let name = isLast ? reader.layer.name : unusedName("\(reader.layer.name)_\(index)")
      value.id = try node(name, op, [value.id, other.id])
    }
    value.isNonNegative = values.allSatisfy(\.isNonNegative)
    return value
  }

  private func requireAlike(_ values: [LayerValue], _ reader: LayerReader) throws(KerasError) {
    guard values.allSatisfy({ $0.arrangement == values[0].arrangement }) else {
      throw reader.failure("inbound_nodes", "inputs of one rank and order of axes", "others")
    }
  }

  mutating func addFlatten(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let format = try reader.dataFormat()
    return try flattened(try input(reader), channelsAreMoved: format == .channelsFirst, &reader)
  }

  /// A matrix of a map. With `channelsAreMoved` Keras puts axis 1 last before.
  private mutating func flattened(
    _ value: LayerValue, channelsAreMoved: Bool, _ reader: inout LayerReader
  ) throws(KerasError) -> LayerValue {
    guard case .image(let format) = value.arrangement else { return value }
    let extents = extents(value.id)
    var result = value
    let isMap = extents[2] != 1 || extents[3] != 1
    if isMap, format == .channelsLast, channelsAreMoved {
      throw reader.failure("data_format", "channels_last for what has its channels last", "channels_first")
    }
    let isSpatial = isMap && (format == .channelsLast || channelsAreMoved)
    result.arrangement = .vector(
      spatial: isSpatial
        ? LayerValue.Spatial(channels: extents[1], height: extents[2], width: extents[3]) : nil)
    result.id = try node(reader.layer.name, .flatten(Flatten()), [value.id])
    return result
  }

  mutating func addReshape(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    var value = try input(reader)
    let stated = reader.value("target_shape")
    guard case .array(let items)? = stated else {
      throw reader.failure("target_shape", "a list of extents", stated?.kind ?? "nothing")
    }
    let target = items.compactMap { if case .integer(let extent) = $0 { extent } else { nil } }
    let extents = extents(value.id)
    let count = extents.dropFirst().reduce(1, *)
    guard target.count == items.count else {
      throw reader.failure("target_shape", "whole numbers", stated?.kind ?? "nothing")
    }
    if target.count == 1, target[0] == -1 || target[0] == count {
      return try flattened(value, channelsAreMoved: false, &reader)
    }
    // Channels and axes of 1: [1, 1, C] or [C, 1, 1].
    let isPixel = extents.count == 2 || (extents[2] == 1 && extents[3] == 1)
    let isVectorOfMap = value.arrangement != .vector(spatial: nil) && extents.count == 2
    guard target.count == 3, isPixel, !isVectorOfMap else {
      throw reader.failure("target_shape", "one extent, or channels and two of 1", stated?.kind ?? "nothing")
    }
    func matches(_ extent: Int) -> Bool { extent == count || extent == -1 }
    let format: DataFormat
    if target[0] == 1, target[1] == 1, matches(target[2]) {
      format = .channelsLast
    } else if target[1] == 1, target[2] == 1, matches(target[0]) {
      format = .channelsFirst
    } else {
      throw reader.failure("target_shape", "\(count) channels and two extents of 1", "\(target)")
    }
    value.id = try node(reader.layer.name, .reshape(Reshape(shape: [0, count, 1, 1])), [value.id])
    value.arrangement = .image(format)
    return value
  }

  /// Permutations between the two orders of a map change nothing in the graph.
  mutating func addPermute(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    var value = try input(reader)
    let stated = reader.value("dims")
    switch (value.arrangement, stated) {
    case (.image(.channelsLast), [3, 1, 2]): value.arrangement = .image(.channelsFirst)
    case (.image(.channelsFirst), [2, 3, 1]): value.arrangement = .image(.channelsLast)
    default:
      throw reader.failure("dims", "those between the two orders of a feature map", stated?.kind ?? "nothing")
    }
    return value
  }
}
