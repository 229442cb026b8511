import FileIO
import JSONText
import ModelIR

extension LayerListBuilder {
  /// A convolution; depthwise where every input channel has one filter.
  mutating func addConv(_ node: Node, _ op: Conv) throws(ScaleNetError) {
    let window = op.window
    let x = type(node, 0)
    let (weight, weightName) = try constant(node, 1)
    let channels = x.dimensions[1].value ?? 0
    if window.strides != [1, 1], window.dilations != [1, 1] {
      throw failure(
        node, "strides", "[1, 1] for a dilated convolution",
        "\(window.strides) and dilations \(window.dilations)")
    }
    let (input, padding) = padded(
      node, window, try layer(node, 0, order: dataFormat.order))
    let isDepthwise =
      op.group == channels && op.group > 1 && weight.shape[0] == channels
      && window.strides[0] == window.strides[1]
    var weights: [Layer.Weight] = []
    // OIHW becomes HWIO, and for depthwise filters HWIO with one filter a channel.
    weights.append(
      Layer.Weight(
        isDepthwise ? "depthwise_kernel" : "kernel",
        weight.transposed(isDepthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]),
        source: weightName))
    let hasBias = node.inputs.count > 2 && node.inputs[2] != nil
    if hasBias {
      let (bias, name) = try constant(node, 2)
      weights.append(Layer.Weight("bias", bias, source: name))
    }
    let kernel = JSON.array(window.kernel.map(JSON.integer))
    let strides = JSON.array(window.strides.map(JSON.integer))
    let dilations = JSON.array(window.dilations.map(JSON.integer))
    let settings: KeyValuePairs<String, JSON> =
      isDepthwise
      ? [
        "kernel_size": kernel, "strides": strides, "padding": padding, "data_format": format,
        "dilation_rate": dilations, "depth_multiplier": 1, "activation": "linear", "use_bias": .bool(hasBias),
      ]
      : [
        "filters": .integer(weight.shape[0]), "kernel_size": kernel, "strides": strides, "padding": padding,
        "data_format": format, "dilation_rate": dilations, "groups": .integer(op.group),
        "activation": "linear", "use_bias": .bool(hasBias),
      ]
    setOutput(
      node,
      append(
        isDepthwise ? .depthwiseConv2D : .conv2D, node.name, settings, inputs: [input], weights: weights),
      order: dataFormat.order)
  }

  /// Without margins, of which what is too much is cut off afterwards.
  mutating func addConvTranspose(_ node: Node, _ op: ConvTranspose) throws(ScaleNetError) {
    let window = op.window
    let order = dataFormat.order
    let x = type(node, 0)
    let y = graph[node.outputs[0]].type
    guard window.dilations == [1, 1], op.group == 1 else {
      throw failure(
        node, "dilations, group", "[1, 1] and 1, as Keras's Conv2DTranspose",
        "\(window.dilations) and \(op.group)")
    }
    var margins: [[Int]] = []
    for axis in 0..<2 {
      let made =
        (x.dimensions[axis + 2].value ?? 0) * window.strides[axis]
        + max(window.kernel[axis] - window.strides[axis], 0)
      let before = window.pads[axis]
      margins.append([before, made - before - (y.dimensions[axis + 2].value ?? 0)])
    }
    guard margins.allSatisfy({ $0[1] >= 0 }) else {
      throw failure(node, "output_padding", "no more than the margins", "\(op.outputPadding)")
    }
    let (weight, weightName) = try constant(node, 1)
    // IOHW becomes HWOI.
    var weights = [Layer.Weight("kernel", weight.transposed([2, 3, 1, 0]), source: weightName)]
    if node.inputs.count > 2, node.inputs[2] != nil {
      let (bias, name) = try constant(node, 2)
      weights.append(Layer.Weight("bias", bias, source: name))
    }
    let settings: KeyValuePairs<String, JSON> = [
      "filters": .integer(weight.shape[1]), "kernel_size": .array(window.kernel.map(JSON.integer)),
      "strides": .array(window.strides.map(JSON.integer)), "padding": "valid", "data_format": format,
      "dilation_rate": [1, 1], "activation": "linear", "use_bias": .bool(weights.count > 1),
    ]
    let input = try layer(node, 0, order: order)
    let needsCrop = margins != [[0, 0], [0, 0]]
    var last = append(
      .conv2DTranspose, node.name, settings, inputs: [input], weights: weights)
    if needsCrop {
      let cropping = JSON.array(margins.map { [.integer($0[0]), .integer($0[1])] })
      last = append(
        .cropping2D, "\(node.name)_crop", ["cropping": cropping, "data_format": format], inputs: [last])
    }
    setOutput(node, last, order: order)
  }

  /// Where a window's margins go: nowhere, into the layer if they are those of `same`, or into a layer before it.
  private mutating func padded(_ node: Node, _ window: Window, _ input: Int) -> (input: Int, padding: JSON) {
    if window.pads == [0, 0, 0, 0] { return (input, "valid") }
    let extents = type(node, 0).dimensions.dropFirst(2).map { $0.value ?? 0 }
    let isSame = (0..<2).allSatisfy { axis in
      let same = SamePadding(
        extent: extents[axis], kernel: window.kernel[axis], stride: window.strides[axis],
        dilation: window.dilations[axis])
      return same.before == window.pads[axis] && same.after == window.pads[axis + 2]
    }
    if isSame { return (input, "same") }
    return (appendPadding(named: "\(node.name)_pad", window.pads, input), "valid")
  }

  mutating func appendPadding(named name: String, _ pads: [Int], _ input: Int) -> Int {
    append(
      .zeroPadding2D, name,
      [
        "padding": [[.integer(pads[0]), .integer(pads[2])], [.integer(pads[1]), .integer(pads[3])]],
        "data_format": format,
      ], inputs: [input])
  }

  /// The margins that a pool really uses: with `ceilMode` the last window may reach beyond those that it has. And
  /// whether Keras's `same` does the same.
  private func poolMargins(_ node: Node, _ window: Window) -> (pads: [Int], isSame: Bool) {
    var pads = window.pads
    var isSame = true
    for axis in 0..<2 {
      let extent = type(node, 0).dimensions[axis + 2].value ?? 0
      let count = graph[node.outputs[0]].type.dimensions[axis + 2].value ?? 0
      let stride = window.strides[axis]
      let reach = (count - 1) * stride + window.kernel[axis] - extent - pads[axis]
      let same = SamePadding(extent: extent, kernel: window.kernel[axis], stride: stride)
      isSame = isSame && count == (extent + stride - 1) / stride && same.before == pads[axis]
      pads[axis + 2] = max(pads[axis + 2], reach)
    }
    return (pads, isSame)
  }

  private func poolSettings(_ window: Window, _ padding: JSON) -> KeyValuePairs<String, JSON> {
    [
      "pool_size": .array(window.kernel.map(JSON.integer)),
      "strides": .array(window.strides.map(JSON.integer)),
      "padding": padding, "data_format": format,
    ]
  }

  private func checkDilations(_ node: Node, _ window: Window) throws(ScaleNetError) {
    guard window.dilations == [1, 1] else {
      throw failure(node, "dilations", "[1, 1], as Keras's pools have it", "\(window.dilations)")
    }
  }

  mutating func addMaxPool(_ node: Node, _ op: MaxPool) throws(ScaleNetError) {
    try checkDilations(node, op.window)
    var input = try layer(node, 0, order: dataFormat.order)
    var padding: JSON = "valid"
    let (pads, isSame) = poolMargins(node, op.window)
    if pads != [0, 0, 0, 0] {
      if isSame {
        padding = "same"
      } else if isNonNegative(node.inputs[0]) {
        // A zero never exceeds what lies under the window.
        input = appendPadding(named: "\(node.name)_pad", pads, input)
      } else if try addThinnedMaxPool(node, op, input) {
        return
      } else {
        throw failure(
          node, "pads",
          "none, those of \"same\", or an input that can't be negative: no plain layer pads with -infinity",
          "\(op.window.pads)")
      }
    }
    setOutput(
      node, append(.maxPooling2D, node.name, poolSettings(op.window, padding), inputs: [input]),
      order: dataFormat.order)
  }

  mutating func addAveragePool(_ node: Node, _ op: AveragePool) throws(ScaleNetError) {
    try checkDilations(node, op.window)
    var input = try layer(node, 0, order: dataFormat.order)
    var padding: JSON = "valid"
    let (pads, isSame) = poolMargins(node, op.window)
    if pads != [0, 0, 0, 0] {
      if op.countIncludePad, op.window.pads != [0, 0, 0, 0] {
        guard pads == op.window.pads else {
          throw failure(node, "ceil_mode", "windows within the margins", "one that reaches beyond")
        }
        input = appendPadding(named: "\(node.name)_pad", pads, input)
      } else if isSame {
        padding = "same"
      } else {
        throw failure(
          node, "pads", "none, those of \"same\", or margins that count as zeros", "\(op.window.pads)")
      }
    }
    setOutput(
      node, append(.averagePooling2D, node.name, poolSettings(op.window, padding), inputs: [input]),
      order: dataFormat.order)
  }

  /// A pool with margins over what may be negative: one in steps of 1 with the margins of `same`, which never win, of
  /// whose results the wanted ones are picked. False if they are not among them.
  private mutating func addThinnedMaxPool(_ node: Node, _ op: MaxPool, _ input: Int) throws(ScaleNetError)
    -> Bool
  {
    let order = dataFormat.order
    let output = graph[node.outputs[0]].type.dimensions
    var picks: [Int: AxisPick] = [:]
    for axis in 0..<2 {
      let extent = type(node, 0).dimensions[axis + 2].value ?? 0
      let pick = AxisPick(
        start: (op.window.kernel[axis] - 1) / 2 - op.window.pads[axis], step: op.window.strides[axis],
        count: output[axis + 2].value ?? 0)
      guard pick.start >= 0, pick.last < extent else { return false }
      picks[axis + 2] = pick
    }
    var window = op.window
    window.strides = [1, 1]
    let dense = append(
      .maxPooling2D, "\(node.name)_dense", poolSettings(window, "same"), inputs: [input])
    try pick(node, Placement(layer: dense, order: order), picks)
    return true
  }

  /// One number for each channel: a vector where it is flattened anyway.
  mutating func addGlobalPool(_ node: Node, _ layerClass: LayerClass) throws(ScaleNetError) {
    let readers = readers(node.outputs[0])
    let isFlattened =
      !isOutput(node.outputs[0]) && !readers.isEmpty
      && readers.allSatisfy { reader in
        switch reader.op {
        case .flatten, .reshape: graph[reader.outputs[0]].type.rank == 2
        default: false
        }
      }
    let input = try layer(node, 0, order: dataFormat.order)
    setOutput(
      node, append(layerClass, node.name, globalPool(keepsAxes: !isFlattened), inputs: [input]),
      order: isFlattened ? [0, 1] : dataFormat.order)
  }

  func globalPool(keepsAxes: Bool) -> KeyValuePairs<String, JSON> {
    ["data_format": format, "keepdims": .bool(keepsAxes)]
  }
}
