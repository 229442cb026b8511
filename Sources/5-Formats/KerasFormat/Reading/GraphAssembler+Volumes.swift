import FileIO
import JSONText
import ModelIR

/// Layers of three axes beside the channels.
extension GraphAssembler {
  /// A value whose channels are axis 1 of the graph.
  private mutating func volume(
    _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    let value = try input(reader)
    guard value.order.count == 5 else {
      throw reader.failure("inbound_nodes", "a volume", "\(graph[value.id].type)")
    }
    return try arranged(value, format == .channelsLast ? [0, 2, 3, 4, 1] : [0, 1, 2, 3, 4], reader)
  }

  /// Three positive numbers.
  private func triple(
    _ key: String, default standard: [Int]? = nil, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> [Int] {
    let stated = reader.value(key)
    var items: [JSON] = stated.map { [$0, $0, $0] } ?? []
    if case .array(let several)? = stated { items = several }
    if stated == nil, let standard { return standard }
    let numbers = items.compactMap { item -> Int? in
      if case .integer(let number) = item, (1...1 << 16).contains(number) { number } else { nil }
    }
    guard numbers.count == 3, items.count == 3 else {
      throw reader.failure(key, "three positive numbers", stated?.kind ?? "nothing")
    }
    return numbers
  }

  /// A window with the margins of `padding`.
  private func window(
    _ reader: inout LayerReader, _ value: LayerValue, kernel: [Int], strides: [Int], dilations: [Int]
  ) throws(ScaleNetError) -> Window {
    let padding = try reader.word("padding", ["valid", "same"], default: "valid")
    var window = Window(kernel: kernel, strides: strides, dilations: dilations)
    if padding == "same" { window.pads = samePads(window, value) }
    return window
  }

  mutating func addVolumeConv(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try volume(&reader)
    let filters = try reader.integer("filters")
    let groups = try reader.integer("groups", default: 1)
    let kernel = try triple("kernel_size", &reader)
    let hasBias = try reader.bool("use_bias", default: true)
    let channels = extents(value.id)[1]
    guard (1...1 << 24).contains(filters), groups > 0, channels % groups == 0, filters % groups == 0 else {
      throw reader.failure("groups", "a divisor of \(channels) and \(filters)", "\(groups)")
    }
    let window = try window(
      &reader, value, kernel: kernel, strides: try triple("strides", default: [1, 1, 1], &reader),
      dilations: try triple("dilation_rate", default: [1, 1, 1], &reader))
    // DHWIO as OIDHW.
    let inputs = try kernelAndBias(
      reader, kernel + [channels / groups, filters], order: [4, 3, 0, 1, 2], bias: hasBias ? filters : nil)
    value.id = try node(
      reader.layer.name, .conv(Conv(window: window, group: groups)), [value.id] + inputs)
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }

  /// What a convolution with these strides would have made its input of.
  mutating func addVolumeConvTranspose(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try volume(&reader)
    let filters = try reader.integer("filters")
    let groups = try reader.integer("groups", default: 1)
    let kernel = try triple("kernel_size", &reader)
    let strides = try triple("strides", default: [1, 1, 1], &reader)
    let dilations = try triple("dilation_rate", default: [1, 1, 1], &reader)
    let padding = try reader.word("padding", ["valid", "same"], default: "valid")
    let hasBias = try reader.bool("use_bias", default: true)
    if let extra = reader.value("output_padding") {
      throw reader.failure("output_padding", "none", extra.kind)
    }
    guard (1...1 << 24).contains(filters), groups == 1 else {
      throw reader.failure("filters, groups", "a positive number, and 1", "\(filters), \(groups)")
    }
    let (window, outputPadding) = transposed(
      Window(kernel: kernel, strides: strides, dilations: dilations), padding)
    // DHWOI as IODHW.
    let inputs = try kernelAndBias(
      reader, kernel + [filters, extents(value.id)[1]], order: [4, 3, 0, 1, 2],
      bias: hasBias ? filters : nil)
    value.id = try node(
      reader.layer.name, .convTranspose(ConvTranspose(window: window, outputPadding: outputPadding)),
      [value.id] + inputs)
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }

  mutating func addVolumePool(
    _ reader: inout LayerReader, _ op: (Window) -> Operator
  ) throws(ScaleNetError) -> LayerValue {
    var value = try volume(&reader)
    let kernel = try triple("pool_size", default: [2, 2, 2], &reader)
    let window = try window(
      &reader, value, kernel: kernel, strides: try triple("strides", default: kernel, &reader),
      dilations: [1, 1, 1])
    value.id = try node(reader.layer.name, op(window), [value.id])
    return value
  }

  mutating func addVolumeMean(
    _ function: Reduce.Function, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = try volume(&reader)
    let keepsAxes = try reader.bool("keepdims", default: false)
    value.id = try node(
      reader.layer.name, .reduce(Reduce(function, axes: [2, 3, 4], keepsAxes: keepsAxes)), [value.id])
    if !keepsAxes { value.order = [0, 1] }
    return value
  }

  /// Margins of three axes, as one number, three, or two for each.
  private func margins(
    _ key: String, default standard: Int, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> [[Int]] {
    let stated = reader.value(key) ?? .integer(standard)
    var items: [JSON] = [stated, stated, stated]
    if case .array(let several) = stated { items = several }
    var result: [[Int]] = []
    for item in items {
      var sides: [JSON] = [item, item]
      if case .array(let several) = item { sides = several }
      let numbers = sides.compactMap { side -> Int? in
        if case .integer(let number) = side, (0...1 << 16).contains(number) { number } else { nil }
      }
      guard numbers.count == 2, sides.count == 2 else {
        throw reader.failure(key, "margins of 0 to 65536", stated.kind)
      }
      result.append(numbers)
    }
    guard result.count == 3 else { throw reader.failure(key, "margins of three axes", stated.kind) }
    return result
  }

  mutating func addVolumePadding(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try volume(&reader)
    let margins = try margins("padding", default: 1, &reader)
    let pads = [0, 0] + margins.map { $0[0] } + [0, 0] + margins.map { $0[1] }
    value.id = try node(reader.layer.name, .pad(Pad(pads: pads)), [value.id])
    return value
  }

  mutating func addVolumeCropping(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try volume(&reader)
    let margins = try margins("cropping", default: 1, &reader)
    let extents = extents(value.id)
    let counts = (0..<3).map { extents[$0 + 2] - margins[$0][0] - margins[$0][1] }
    guard counts.allSatisfy({ $0 > 0 }) else {
      throw reader.failure("cropping", "less than the extents of \(graph[value.id].type)", "\(margins)")
    }
    let slice = Slice(axes: [2, 3, 4], starts: margins.map { $0[0] }, steps: [1, 1, 1], counts: counts)
    value.id = try node(reader.layer.name, .slice(slice), [value.id])
    return value
  }

  /// Each element as many times as the factors say.
  mutating func addVolumeUpSampling(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try volume(&reader)
    let factors = try triple("size", default: [2, 2, 2], &reader)
    for (axis, factor) in factors.enumerated() where factor != 1 {
      value.id = try repeated(value.id, axis: axis + 2, factor, reader)
    }
    return value
  }

  /// Each position of an axis of the graph several times, one behind the other.
  mutating func repeated(
    _ id: ValueID, axis: Int, _ count: Int, _ reader: LayerReader
  ) throws(ScaleNetError) -> ValueID {
    let extent = extents(id)[axis]
    guard extent > 0, (1...1 << 16).contains(count), extent <= 1 << 24 else {
      throw reader.failure("size", "a factor of a known extent", "\(count)")
    }
    let places = (0..<extent * count).map { $0 / count }
    return try node(
      unusedName("\(reader.layer.name)_axis\(axis)"),
      .gather(Gather(axis: axis, indices: places, indexShape: [places.count])), [id])
  }
}
