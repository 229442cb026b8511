import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  mutating func addConv(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    let filters = try reader.integer("filters")
    let groups = try reader.integer("groups", default: 1)
    let kernel = try reader.pair("kernel_size")
    let value = try image(try padded(reader), format, reader)
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

  mutating func addDepthwiseConv(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    let multiplier = try reader.integer("depth_multiplier", default: 1)
    // A setting of the base class, without meaning here.
    let groups = try reader.integer("groups", default: 1)
    let kernel = try reader.pair("kernel_size")
    let value = try image(try padded(reader), format, reader)
    let channels = extents(value.id)[1]
    guard (1...1 << 16).contains(multiplier), groups == 1 else {
      throw reader.failure("depth_multiplier, groups", "1 or more, and 1", "\(multiplier), \(groups)")
    }
    return try addConv(
      &reader, value, kernel: kernel, group: channels, weightName: "depthwise_kernel",
      stored: [kernel[0], kernel[1], channels, multiplier]
    ) { (assembler, tensor) throws(ScaleNetError) in
      // [H, W, channels, multiplier] as [channels * multiplier, 1, H, W]: the last two axes lie one behind the other.
      let strides = tensor.strides
      return try assembler.view(
        tensor, as: [channels * multiplier, 1, kernel[0], kernel[1]], strides: [1, 1, strides[0], strides[1]])
    }
  }

  private mutating func addConv(
    _ reader: inout LayerReader, _ padded: LayerValue, kernel: [Int], group: Int, weightName: String,
    stored: TensorShape, arrange: (GraphAssembler, Tensor) throws(ScaleNetError) -> Tensor
  ) throws(ScaleNetError) -> LayerValue {
    var value = padded
    let window = try convWindow(&reader, &value, kernel: kernel)
    let hasBias = try reader.bool("use_bias", default: true)
    let outputs = stored.dimensions[3] * (weightName == "kernel" ? 1 : stored.dimensions[2])
    var expected: [(name: String, shape: TensorShape)] = [(weightName, stored)]
    if hasBias { expected.append(("bias", [outputs])) }
    let tensors = try weights(reader, expected)
    let name = reader.layer.name
    let weight = try initializer("\(name).\(weightName)", try arrange(self, tensors[0]))
    let bias = hasBias ? try initializer("\(name).bias", tensors[1]) : nil
    value.id = try node(
      name, .conv(Conv(window: window, group: group)), [value.id, weight] + (hasBias ? [bias] : []))
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }

  /// The window of a convolution, with the margins of a layer before it or of `same`.
  private mutating func convWindow(
    _ reader: inout LayerReader, _ value: inout LayerValue, kernel: [Int]
  ) throws(ScaleNetError) -> Window {
    let strides = try reader.pair("strides", default: [1, 1])
    let dilations = try reader.pair("dilation_rate", default: [1, 1])
    let padding = try reader.word("padding", ["valid", "same"], default: "valid")
    if padding == "same" { value = try plain(value, reader) }
    var window = Window(
      kernel: kernel, strides: strides, pads: value.pads ?? [0, 0, 0, 0], dilations: dilations)
    if padding == "same" { window.pads = samePads(window, value) }
    value.pads = nil
    return window
  }

  /// Depthwise filters, and a convolution of 1 x 1 that combines what they yield.
  mutating func addSeparableConv(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    let filters = try reader.integer("filters")
    let multiplier = try reader.integer("depth_multiplier", default: 1)
    // A setting of the base class, without meaning here.
    let groups = try reader.integer("groups", default: 1)
    let kernel = try reader.pair("kernel_size")
    let hasBias = try reader.bool("use_bias", default: true)
    var value = try image(try padded(reader), format, reader)
    let channels = extents(value.id)[1]
    guard (1...1 << 24).contains(filters), (1...1 << 16).contains(multiplier), groups == 1,
      channels <= 1 << 24
    else {
      throw reader.failure(
        "filters, depth_multiplier, groups", "positive numbers, and 1", "\(filters), \(multiplier), \(groups)"
      )
    }
    let window = try convWindow(&reader, &value, kernel: kernel)
    let depth = channels * multiplier
    var expected: [(name: String, shape: TensorShape)] = [
      ("depthwise_kernel", [kernel[0], kernel[1], channels, multiplier]),
      ("pointwise_kernel", [1, 1, depth, filters]),
    ]
    if hasBias { expected.append(("bias", [filters])) }
    let tensors = try weights(reader, expected)
    let name = reader.layer.name
    let steps = tensors[0].strides
    let depthwise = try view(
      tensors[0], as: [depth, 1, kernel[0], kernel[1]], strides: [1, 1, steps[0], steps[1]])
    let first = try initializer("\(name).depthwise_kernel", depthwise)
    let second = try initializer("\(name).pointwise_kernel", tensors[1].transposed([3, 2, 0, 1]))
    value.id = try node(
      unusedName("\(name)_depthwise"), .conv(Conv(window: window, group: channels)), [value.id, first])
    var inputs: [ValueID?] = [value.id, second]
    if hasBias { inputs.append(try initializer("\(name).bias", tensors[2])) }
    value.id = try node(name, .conv(Conv(window: Window(1))), inputs)
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }

  /// What a convolution with these strides would have made its input of.
  mutating func addConvTranspose(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    let filters = try reader.integer("filters")
    let groups = try reader.integer("groups", default: 1)
    let kernel = try reader.pair("kernel_size")
    let strides = try reader.pair("strides", default: [1, 1])
    let dilations = try reader.pair("dilation_rate", default: [1, 1])
    let padding = try reader.word("padding", ["valid", "same"], default: "valid")
    let hasBias = try reader.bool("use_bias", default: true)
    let extra = reader.value("output_padding") == nil ? nil : try reader.extents("output_padding")
    var value = try image(try input(reader), format, reader)
    let channels = extents(value.id)[1]
    guard (1...1 << 24).contains(filters), groups == 1 else {
      throw reader.failure("filters, groups", "a positive number, and 1", "\(filters), \(groups)")
    }
    let (window, outputPadding) = transposed(
      Window(kernel: kernel, strides: strides, dilations: dilations), padding, extra: extra)
    // HWOI as IOHW.
    let inputs = try kernelAndBias(
      reader, kernel + [filters, channels], order: [3, 2, 0, 1], bias: hasBias ? filters : nil)
    value.id = try node(
      reader.layer.name, .convTranspose(ConvTranspose(window: window, outputPadding: outputPadding)),
      [value.id] + inputs)
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }

  /// The margins, and the extents behind, of a transposed convolution: of what its elements reach, what is cut off.
  ///
  /// - Parameter extra: `output_padding` for each axis; nil for what Keras chooses.
  func transposed(_ bare: Window, _ padding: String, extra: [Int]? = nil) -> (Window, outputPadding: [Int]) {
    let axes = bare.kernel.count
    var window = bare
    var outputPadding = [Int](repeating: 0, count: axes)
    for axis in 0..<axes {
      let (reach, stride) = (window.reach(axis), window.strides[axis])
      // Keras's extent for each element before: `deconv_output_length`.
      let margin = padding == "same" ? reach / 2 : 0
      let surplus =
        if let extra { extra[axis] - 2 * margin + reach - stride } else {
          padding == "same" ? 0 : max(reach - stride, 0)
        }
      // All that the elements reach, less this, is cut off: half of it before, where the margins are those of `same`.
      let cut = reach - stride - surplus
      if cut >= 0 {
        window.pads[axis] = padding == "same" ? cut / 2 : 0
        window.pads[axis + axes] = cut - window.pads[axis]
      } else {
        outputPadding[axis] = -cut
      }
    }
    return (window, outputPadding)
  }

  /// The weights of a convolution as inputs of the operator.
  ///
  /// - Parameters:
  ///   - stored: the kernel's extents in Keras.
  ///   - order: Keras's axes in the order of the operator's.
  ///   - bias: the extent of the bias; nil if there is none.
  mutating func kernelAndBias(
    _ reader: LayerReader, _ stored: [Int], order: [Int], bias: Int?
  ) throws(ScaleNetError) -> [ValueID?] {
    var expected: [(name: String, shape: TensorShape)] = [("kernel", TensorShape(stored))]
    if let bias { expected.append(("bias", [bias])) }
    let tensors = try weights(reader, expected)
    let name = reader.layer.name
    var inputs: [ValueID?] = [try initializer("\(name).kernel", tensors[0].transposed(order))]
    if bias != nil { inputs.append(try initializer("\(name).bias", tensors[1])) }
    return inputs
  }

  /// The margins of `same` for each axis of a window.
  func samePads(_ window: Window, _ value: LayerValue) -> [Int] {
    let extents = extents(value.id)
    let margins = window.kernel.indices.map { axis in
      SamePadding(
        extent: extents[axis + 2], kernel: window.kernel[axis], stride: window.strides[axis],
        dilation: window.dilations[axis])
    }
    return margins.map(\.before) + margins.map(\.after)
  }

  mutating func addZeroPadding(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try image(try input(reader), format, reader)
    value.pads = try reader.margins("padding", default: 1)
    return value
  }

  mutating func addCropping(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try image(try input(reader), format, reader)
    let margins = try reader.margins("cropping", default: 0)
    let extents = extents(value.id)
    var slice = Slice(axes: [], starts: [], steps: [], counts: [])
    for axis in 0..<2 where margins[axis] != 0 || margins[axis + 2] != 0 {
      let count = extents[axis + 2] - margins[axis] - margins[axis + 2]
      guard count > 0 else {
        throw reader.failure("cropping", "less than the extents of \(graph[value.id].type)", "\(margins)")
      }
      slice.axes.append(axis + 2)
      slice.starts.append(margins[axis])
      slice.steps.append(1)
      slice.counts.append(count)
    }
    if !slice.axes.isEmpty { value.id = try node(reader.layer.name, .slice(slice), [value.id]) }
    return value
  }

  mutating func addMaxPooling(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try image(try padded(reader), try reader.dataFormat(), reader)
    // A margin of zeros is one that never wins only where nothing is below 0.
    if !value.isNonNegative { value = try plain(value, reader) }
    let window = try poolWindow(&reader, &value)
    value.id = try node(reader.layer.name, .maxPool(MaxPool(window: window)), [value.id])
    return value
  }

  mutating func addAveragePooling(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try image(try padded(reader), try reader.dataFormat(), reader)
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
  ) throws(ScaleNetError) -> Window {
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

  mutating func addGlobalPooling(_ reader: inout LayerReader, _ op: Operator) throws(ScaleNetError)
    -> LayerValue
  {
    let format = try reader.dataFormat()
    var value = try image(try input(reader), format, reader)
    let keepsAxes = try reader.bool("keepdims", default: false)
    let name = reader.layer.name
    value.id = try node(name, op, [value.id])
    if !keepsAxes {
      value.id = try node(unusedName("\(name)_flatten"), .flatten(Flatten()), [value.id])
      value.order = [0, 1]
    }
    return value
  }
}
