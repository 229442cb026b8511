import FileIO
import ModelIR

/// Images: pixels as channels, samples at places that the graph computes, boxes.
enum ImageOperators {
  static let handlers: [OperatorHandler] = [
    OperatorHandler("DepthToSpace") { (node, graph) throws(ScaleNetError) in
      let blockSize = try node.requiredInteger("blocksize")
      let name = node.opset >= 11 ? try node.string("mode", default: "DCR") : "DCR"
      guard let mode = DepthToSpace.Mode(rawValue: name) else {
        throw node.failure("attribute mode", expected: "DCR or CRD", found: name)
      }
      try node.requireInputs(atMost: 1)
      try graph.add(
        node, .depthToSpace(DepthToSpace(blockSize: blockSize, mode: mode)), try graph.operands(node))
    },
    OperatorHandler("SpaceToDepth") { (node, graph) throws(ScaleNetError) in
      let blockSize = try node.requiredInteger("blocksize")
      // The order of channels became one's own choice with opset 28.
      let name = node.opset >= 28 ? try node.string("mode", default: "DCR") : "DCR"
      guard let mode = DepthToSpace.Mode(rawValue: name) else {
        throw node.failure("attribute mode", expected: "DCR or CRD", found: name)
      }
      try node.requireInputs(atMost: 1)
      try graph.add(
        node, .spaceToDepth(SpaceToDepth(blockSize: blockSize, mode: mode)), try graph.operands(node))
    },
    OperatorHandler("GridSample", since: 16, readGridSample),
    OperatorHandler("RoiAlign", since: 10, readRoiAlign),
    .plain("NonMaxSuppression", since: 10, inputs: 5) { (node) throws(ScaleNetError) in
      .nonMaxSuppression(NonMaxSuppression(isCenterPoint: try node.flag("center_point_box")))
    },
    OperatorHandler("AffineGrid", since: 20, readAffineGrid),
    OperatorHandler("CenterCropPad", since: 18, readCenterCropPad),
    OperatorHandler("Col2Im", since: 18, readCol2Im),
  ]

  static func write(_ op: DepthToSpace, _ node: inout NodeWriter) {
    node.set("blocksize", op.blockSize)
    node.set("mode", op.mode.rawValue)
  }

  static func write(_ op: SpaceToDepth, _ node: inout NodeWriter) throws(ScaleNetError) {
    node.set("blocksize", op.blockSize)
    guard op.mode != .depthColumnRow else { return }
    try node.require(opset: 28)
    node.set("mode", op.mode.rawValue)
  }

  // MARK: GridSample

  /// Modes are called bilinear and bicubic until opset 19, and linear and cubic from opset 20.
  static func readGridSample(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    // ONNX Runtime's own has the older names in all opsets.
    let isOlder = node.opset < 20 || node.message.domain == MicrosoftOperators.domain
    let name = try node.string("mode", default: isOlder ? "bilinear" : "linear")
    let mode: GridSample.Mode
    switch (name, isOlder) {
    case ("bilinear", true), ("linear", false): mode = .linear
    case ("bicubic", true), ("cubic", false): mode = .cubic
    case ("nearest", _): mode = .nearest
    default: throw node.failure("attribute mode", expected: "linear, nearest or cubic", found: name)
    }
    let paddingName = try node.string("padding_mode", default: "zeros")
    guard let padding = GridSample.Padding(rawValue: paddingName) else {
      throw node.failure(
        "attribute padding_mode", expected: "zeros, border or reflection", found: paddingName)
    }
    let op = GridSample(mode: mode, padding: padding, alignsCorners: try node.flag("align_corners"))
    try node.requireInputs(atMost: 2)
    try graph.add(node, .gridSample(op), try graph.operands(node))
  }

  static func write(_ op: GridSample, _ node: inout NodeWriter) throws(ScaleNetError) {
    try node.require(opset: node.type(0).rank == 4 ? 16 : 20)
    switch op.mode {
    case .linear: node.set("mode", node.opset < 20 ? "bilinear" : "linear")
    case .cubic: node.set("mode", node.opset < 20 ? "bicubic" : "cubic")
    case .nearest: node.set("mode", "nearest")
    }
    node.set("padding_mode", op.padding.rawValue)
    node.set("align_corners", op.alignsCorners)
  }

  // MARK: RoiAlign

  /// Until opset 15 pixels are at their indices, which opset 16 calls output_half_pixel.
  private static func readRoiAlign(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let modeName = try node.string("mode", default: "avg")
    guard let mode = RoiAlign.Mode(rawValue: modeName) else {
      throw node.failure("attribute mode", expected: "avg or max", found: modeName)
    }
    var isHalfPixel = false
    if node.opset >= 16 {
      isHalfPixel =
        try node.choice("coordinate_transformation_mode", default: RoiCoordinates.halfPixel) == .halfPixel
    }
    let op = RoiAlign(
      mode: mode, outputHeight: try node.integer("output_height", default: 1),
      outputWidth: try node.integer("output_width", default: 1),
      samplingRatio: try node.integer("sampling_ratio", default: 0),
      spatialScale: try node.float("spatial_scale", default: 1), isHalfPixel: isHalfPixel)
    try node.requireInputs(atMost: 3)
    try graph.add(node, .roiAlign(op), try graph.operands(node))
  }

  private enum RoiCoordinates: String, CaseIterable {
    case halfPixel = "half_pixel"
    case outputHalfPixel = "output_half_pixel"
  }

  static func write(_ op: RoiAlign, _ node: inout NodeWriter) throws(ScaleNetError) {
    node.set("mode", op.mode.rawValue)
    node.set("output_height", op.outputHeight)
    node.set("output_width", op.outputWidth)
    node.set("sampling_ratio", op.samplingRatio)
    node.set("spatial_scale", op.spatialScale)
    if op.isHalfPixel { try node.require(opset: 16) }
    guard node.opset >= 16 else { return }
    let coordinates = op.isHalfPixel ? RoiCoordinates.halfPixel : .outputHalfPixel
    node.set("coordinate_transformation_mode", coordinates.rawValue)
  }

  static func write(_ op: NonMaxSuppression, _ node: inout NodeWriter) {
    node.set("center_point_box", op.isCenterPoint)
  }

  // MARK: What is made of other operators

  /// A grid is the product of theta [N, axes, axes + 1] with the homogeneous places of the output's pixels, which are
  /// known where the size is.
  private static func readAffineGrid(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let alignsCorners = try node.flag("align_corners")
    try node.requireInputs(atMost: 2)
    guard let size = try graph.integers(node, 1, "size"), (4...5).contains(size.count),
      let shape = TensorShape(checking: size), shape.elementCount > 0, shape.elementCount < 1 << 28
    else { throw node.failure("input size", expected: "4 or 5 extents", found: "others") }
    let theta = try graph.operand(node, 0)
    let extents = Array(size.dropFirst(2))
    let count = extents.reduce(1, *)
    var places: [Double] = []
    for place in 0..<count {
      var rest = place
      var coordinates: [Double] = []
      // The last axis comes first: x, y, z.
      for extent in extents.reversed() {
        let index = Double(rest % extent)
        rest /= extent
        let last = Double(extent)
        coordinates.append(
          alignsCorners ? (extent > 1 ? 2 * index / (last - 1) - 1 : 0) : (2 * index + 1) / last - 1)
      }
      places += coordinates + [1]
    }
    let type = graph.type(theta).dataType
    let matrix = try Evaluator.cast(Tensor(places, shape: [count, extents.count + 1]), to: type)
    let transposed = try graph.step(
      node, "transposed", .transpose(Transpose(permutation: [0, 2, 1])), [theta])
    let grid = try graph.step(
      node, "product", .matMul(MatMul()),
      [graph.constant("\(node.name).places", matrix), transposed])
    try graph.add(node, .reshape(Reshape(shape: [size[0]] + extents + [extents.count])), [grid])
  }

  /// The middle of axes that are too long, with zeros around those that are too short; an odd element is cut from, or
  /// added to, the end.
  private static func readCenterCropPad(
    _ node: inout NodeReader, _ graph: inout GraphReader
  ) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    let axes = try node.axes(
      try node.integers("axes") ?? Array(0..<x.rank), rank: x.rank, name: "attribute axes")
    try node.requireInputs(atMost: 2)
    guard let target = try graph.integers(node, 1, "shape"), target.count == axes.count else {
      throw node.failure("input shape", expected: "\(axes.count) extents", found: "others")
    }
    var slice = Slice(axes: [], starts: [], steps: [], counts: [])
    var pads = [Int](repeating: 0, count: 2 * x.rank)
    for (axis, wanted) in zip(axes, target) {
      guard let extent = x.dimensions[axis].value else {
        throw node.failure("input input_data, axis \(axis)", expected: "a known extent", found: "\(x)")
          .advising(.closeExtents)
      }
      if wanted < extent {
        slice.axes.append(axis)
        slice.starts.append((extent - wanted) / 2)
        slice.steps.append(1)
        slice.counts.append(wanted)
      } else {
        pads[axis] = (wanted - extent) / 2
        pads[axis + x.rank] = wanted - extent - pads[axis]
      }
    }
    let cropped = slice.axes.isEmpty ? input : try graph.step(node, "crop", .slice(slice), [input])
    let isPadded = pads.contains { $0 != 0 }
    try graph.add(node, isPadded ? .pad(Pad(pads: pads)) : .identity(Identity()), [cropped])
  }

  /// Blocks [N, C * kernel, blocks] added up to images [N, C, ...]: what the transpose of a convolution does whose
  /// filters have a single 1, each at another place of the kernel.
  private static func readCol2Im(_ node: inout NodeReader, _ graph: inout GraphReader) throws(ScaleNetError) {
    let input = try graph.operand(node, 0)
    let x = graph.type(input)
    try node.requireInputs(atMost: 3)
    guard let image = try graph.integers(node, 1, "image_shape"),
      let kernel = try graph.integers(node, 2, "block_shape"), (1...3).contains(image.count),
      kernel.count == image.count, kernel.allSatisfy({ (1...1 << 12).contains($0) }),
      image.allSatisfy({ (1...1 << 24).contains($0) }), x.rank == 3,
      let rows = x.dimensions[1].value
    else {
      throw node.failure("inputs", expected: "blocks of images, and known extents", found: "\(x)")
    }
    let spatial = TensorType(x.dataType, [x.dimensions[0], 1] + image.map(Dimension.fixed))
    let window = try node.window(kernel: kernel, x: spatial)
    let area = kernel.reduce(1, *)
    var counts: [Int] = []
    var padding: [Int] = []
    for axis in image.indices {
      let room = image[axis] + window.pads[axis] + window.pads[axis + image.count] - window.reach(axis)
      guard room >= 0, rows % area == 0 else {
        throw node.failure("input block_shape", expected: "blocks of \(image)", found: "\(kernel)")
      }
      counts.append(room / window.strides[axis] + 1)
      padding.append(room % window.strides[axis])
    }
    guard area <= 1 << 12 else {
      throw node.failure("input block_shape", expected: "at most 4096 elements", found: "\(kernel)")
    }
    var filters = [Double](repeating: 0, count: area * area)
    for place in 0..<area { filters[place * area + place] = 1 }
    let shape = TensorShape([area, 1] + kernel)
    let weights = graph.constant(
      "\(node.name).filters", try Evaluator.cast(Tensor(filters, shape: shape), to: x.dataType))
    let blocks = try graph.step(node, "blocks", .reshape(Reshape(shape: [-1, area] + counts)), [input])
    let sum = try graph.step(
      node, "sum", .convTranspose(ConvTranspose(window: window, outputPadding: padding)), [blocks, weights])
    try graph.add(node, .reshape(Reshape(shape: [-1, rows / area] + image)), [sum])
  }
}
