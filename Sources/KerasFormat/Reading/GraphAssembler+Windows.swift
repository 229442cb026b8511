import ModelIR

extension GraphAssembler {
  mutating func addConv(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let format = try reader.dataFormat()
    let filters = try reader.integer("filters")
    let groups = try reader.integer("groups", default: 1)
    let kernel = try reader.pair("kernel_size")
    let value = try padded(reader)
    try requireImage(value, format, reader)
    let channels = extents(value.id)[1]
    guard filters > 0, groups > 0, channels % groups == 0, filters % groups == 0 else {
      throw reader.failure("groups", "a divisor of \(channels) and \(filters)", "\(groups)")
    }
    return try addConv(
      &reader, value, kernel: kernel, group: groups, weightName: "kernel",
      stored: [kernel[0], kernel[1], channels / groups, filters]
    ) { assembler, tensor in
      // HWIO as OIHW.
      tensor.transposed([3, 2, 0, 1])
    }
  }

  mutating func addDepthwiseConv(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let format = try reader.dataFormat()
    let multiplier = try reader.integer("depth_multiplier", default: 1)
    // A setting of the base class, without meaning here.
    let groups = try reader.integer("groups", default: 1)
    let kernel = try reader.pair("kernel_size")
    let value = try padded(reader)
    try requireImage(value, format, reader)
    let channels = extents(value.id)[1]
    guard (1...1 << 16).contains(multiplier), groups == 1 else {
      throw reader.failure("depth_multiplier, groups", "1 or more, and 1", "\(multiplier), \(groups)")
    }
    return try addConv(
      &reader, value, kernel: kernel, group: channels, weightName: "depthwise_kernel",
      stored: [kernel[0], kernel[1], channels, multiplier]
    ) { (assembler, tensor) throws(KerasError) in
      // [H, W, channels, multiplier] as [channels * multiplier, 1, H, W]: the last two axes lie one behind the other.
      let strides = tensor.strides
      return try assembler.view(
        tensor, as: [channels * multiplier, 1, kernel[0], kernel[1]], strides: [1, 1, strides[0], strides[1]])
    }
  }

  private mutating func addConv(
    _ reader: inout LayerReader, _ padded: LayerValue, kernel: [Int], group: Int, weightName: String,
    stored: TensorShape, arrange: (GraphAssembler, Tensor) throws(KerasError) -> Tensor
  ) throws(KerasError) -> LayerValue {
    let strides = try reader.pair("strides", default: [1, 1])
    let dilations = try reader.pair("dilation_rate", default: [1, 1])
    let hasBias = try reader.bool("use_bias", default: true)
    let padding = try reader.word("padding", ["valid", "same"], default: "valid")
    var value = padding == "same" ? try plain(padded, reader) : padded
    var window = Window(
      kernel: kernel, strides: strides, pads: value.pads ?? [0, 0, 0, 0], dilations: dilations)
    if padding == "same" { window.pads = samePads(window, value) }
    let outputs = stored.dimensions[3] * (weightName == "kernel" ? 1 : stored.dimensions[2])
    var expected: [(name: String, shape: TensorShape)] = [(weightName, stored)]
    if hasBias { expected.append(("bias", [outputs])) }
    let tensors = try weights(reader, expected)
    let name = reader.layer.name
    let weight = try initializer("\(name).\(weightName)", try arrange(self, tensors[0]))
    let bias = hasBias ? try initializer("\(name).bias", tensors[1]) : nil
    value.id = try node(
      name, .conv(Conv(window: window, group: group)), [value.id, weight] + (hasBias ? [bias] : []))
    value.pads = nil
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }

  private func samePads(_ window: Window, _ value: LayerValue) -> [Int] {
    let extents = extents(value.id)
    let margins = (0..<2).map { axis in
      SamePadding(
        extent: extents[axis + 2], kernel: window.kernel[axis], stride: window.strides[axis],
        dilation: window.dilations[axis])
    }
    return margins.map(\.before) + margins.map(\.after)
  }

  mutating func addZeroPadding(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try input(reader)
    try requireImage(value, format, reader)
    func side(_ json: JSON) -> [Int]? {
      switch json {
      case .integer(let both) where (0...1 << 16).contains(both): return [both, both]
      case .array(let items) where items.count == 2:
        let numbers = items.compactMap { item -> Int? in
          if case .integer(let number) = item, (0...1 << 16).contains(number) { number } else { nil }
        }
        return numbers.count == 2 ? numbers : nil
      default: return nil
      }
    }
    let stated = reader.value("padding") ?? 1
    let rows: [Int]?
    let columns: [Int]?
    if case .array(let items) = stated, items.count == 2 {
      (rows, columns) = (side(items[0]), side(items[1]))
    } else {
      (rows, columns) = (side(stated), side(stated))
    }
    guard let rows, let columns else {
      throw reader.failure("padding", "margins of 0 to 65536", stated.kind)
    }
    value.pads = [rows[0], columns[0], rows[1], columns[1]]
    return value
  }

  mutating func addMaxPooling(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    var value = try padded(reader)
    // A margin of zeros is one that never wins only where nothing is below 0.
    if !value.isNonNegative { value = try plain(value, reader) }
    let window = try poolWindow(&reader, &value)
    value.id = try node(reader.layer.name, .maxPool(MaxPool(window: window)), [value.id])
    return value
  }

  mutating func addAveragePooling(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    var value = try padded(reader)
    // Zeros of a layer before count in the mean; those of "same" do not.
    let countsPads = value.pads != nil && reader.layer.settings["padding"] != .string("same")
    let window = try poolWindow(&reader, &value)
    value.id = try node(
      reader.layer.name, .averagePool(AveragePool(window: window, countIncludePad: countsPads)), [value.id])
    return value
  }

  /// A pool's window with margins: those of `same`, or those of a layer before, which it takes over where the graph
  /// allows margins of that size.
  private mutating func poolWindow(
    _ reader: inout LayerReader, _ value: inout LayerValue
  ) throws(KerasError) -> Window {
    let format = try reader.dataFormat()
    try requireImage(value, format, reader)
    let kernel = try reader.pair("pool_size", default: [2, 2])
    let strides = try reader.pair("strides", default: kernel)
    let padding = try reader.word("padding", ["valid", "same"], default: "valid")
    var window = Window(kernel: kernel, strides: strides, pads: value.pads ?? [0, 0, 0, 0])
    let isTooWide = (0..<4).contains { window.pads[$0] >= kernel[$0 % 2] }
    if padding == "same" || isTooWide {
      value = try plain(value, reader)
      window.pads = padding == "same" ? samePads(window, value) : [0, 0, 0, 0]
    }
    value.pads = nil
    return window
  }

  mutating func addGlobalAveragePooling(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try input(reader)
    try requireImage(value, format, reader)
    let keepsAxes = try reader.bool("keepdims", default: false)
    let name = reader.layer.name
    value.id = try node(name, .globalAveragePool(GlobalAveragePool()), [value.id])
    if !keepsAxes {
      value.id = try node(unusedName("\(name)_flatten"), .flatten(Flatten()), [value.id])
      value.arrangement = .vector(spatial: nil)
    }
    return value
  }
}
