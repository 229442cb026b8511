import FileIO
import JSONText
import ModelIR

extension LayerListBuilder {
  mutating func addFlatten(_ node: Node, _ op: Flatten) throws(ScaleNetError) {
    guard op.axis == 1 || graph[node.outputs[0]].type.dimensions[0] == type(node, 0).dimensions[0] else {
      throw failure(node, "axis", "1", "\(op.axis)")
    }
    try addReshape(node)
  }

  /// The elements in the order of the graph's axes, in another shape.
  mutating func addReshape(_ node: Node) throws(ScaleNetError) {
    let x = type(node, 0)
    let y = graph[node.outputs[0]].type
    let input = try placement(node, 0)
    guard x.dimensions.first == y.dimensions.first, input.order[0] == 0 else {
      throw failure(node, "shape", "the batch \(x.dimensions.first?.description ?? "") first", "\(y)")
    }
    if x == y || (input.order.count == 2 && y.rank == 2) {
      setOutput(node, input.layer, order: x == y ? input.order : [0, 1])
      return
    }
    guard input.order.count == x.rank, y.dimensions.dropFirst().allSatisfy({ $0.value != nil }) else {
      throw failure(node, "shape", "known extents behind the batch", "\(x) to \(y)")
    }
    let source = try inOrder(node, input, x)
    if y.rank == 2 {
      // Keras's Flatten takes what it gets as it stands if it is told that channels are last.
      let format = JSON.string(DataFormat.channelsLast.rawValue)
      setOutput(
        node, append(.flatten, node.name, ["data_format": format], inputs: [source]), order: [0, 1])
      return
    }
    // A pixel is one in every order.
    let standard = standardOrder(y.rank)
    let order = Self.isAscending(standard, y) ? standard : Array(0..<y.rank)
    setOutput(
      node, appendReshape(node.name, order.dropFirst().map { y.dimensions[$0].value ?? 1 }, source),
      order: order)
  }

  /// The layer whose elements stand in the order of the graph's axes; axes of extent 1 may stand anywhere.
  private mutating func inOrder(
    _ node: Node, _ input: Placement, _ type: TensorType
  ) throws(ScaleNetError) -> Int {
    if Self.isAscending(input.order, type) { return input.layer }
    return try arranged(node, input, Array(0..<type.rank))
  }

  private static func isAscending(_ order: [Int], _ type: TensorType) -> Bool {
    let axes = order.dropFirst().filter { type.dimensions[$0] != 1 }
    return axes == axes.sorted()
  }

  mutating func appendReshape(_ name: String, _ extents: [Int], _ input: Int) -> Int {
    append(.reshape, name, ["target_shape": .array(extents.map(JSON.integer))], inputs: [input])
  }

  mutating func addResize(_ node: Node, _ op: Resize) throws(ScaleNetError) {
    let x = type(node, 0)
    let y = graph[node.outputs[0]].type
    guard x.rank == 4, op.axes.allSatisfy({ $0 >= 2 }) else {
      throw failure(node, "axes", "height and width of rank 4", "\(op.axes) of \(x)")
    }
    let from = x.dimensions.dropFirst(2).map { $0.value ?? 0 }
    let to = y.dimensions.dropFirst(2).map { $0.value ?? 0 }
    if from == to {
      let input = try placement(node, 0)
      setOutput(node, input.layer, order: input.order)
      return
    }
    if op.mode != .nearest && (op.antialias || op.excludesOutside) {
      throw failure(
        node, "mode", "neither antialias nor exclude_outside, as Keras's Resizing", op.mode.rawValue)
    }
    switch op.mode {
    case .cubic:
      throw failure(node, "mode", "nearest or linear", op.mode.rawValue)
    case .linear:
      // The two differ where one row or column is made of several.
      let isHalfPixel =
        op.coordinateTransformation == .halfPixel || op.coordinateTransformation == .halfPixelSymmetric
        || (op.coordinateTransformation == .pytorchHalfPixel && to.allSatisfy { $0 > 1 })
      guard isHalfPixel else {
        throw failure(
          node, "coordinate_transformation_mode", "half_pixel, as Keras's Resizing has it",
          op.coordinateTransformation.rawValue)
      }
      try addResizing(node, to, "bilinear")
    case .nearest:
      let sampling = zip(from, to).map { NearestSampling(op, from: $0, to: $1) }
      let factors = zip(from, to).map { $1 / max($0, 1) }
      if zip(from, to).allSatisfy({ $0 > 0 && $1 % $0 == 0 }),
        zip(sampling, factors).allSatisfy({ $0.isRepetition(by: $1) })
      {
        let input = try layer(node, 0, order: dataFormat.order)
        setOutput(
          node, append(.upSampling2D, node.name, upSampling(factors), inputs: [input]),
          order: dataFormat.order)
      } else if sampling.allSatisfy(\.isTensorFlows) {
        try addResizing(node, to, "nearest")
      } else {
        throw failure(
          node, "sizes", "whole factors, or TensorFlow's choice of neighbours", "\(from) to \(to)")
      }
    }
  }

  func upSampling(_ factors: [Int]) -> KeyValuePairs<String, JSON> {
    ["size": .array(factors.map(JSON.integer)), "data_format": format, "interpolation": "nearest"]
  }

  /// Keras 2's Resizing knows channels last only.
  private mutating func addResizing(_ node: Node, _ size: [Int], _ interpolation: String)
    throws(ScaleNetError)
  {
    let order = DataFormat.channelsLast.order
    let settings: KeyValuePairs<String, JSON> = [
      "height": .integer(size[0]), "width": .integer(size[1]), "interpolation": .string(interpolation),
      "crop_to_aspect_ratio": false,
    ]
    let input = try layer(node, 0, order: order)
    setOutput(node, append(.resizing, node.name, settings, inputs: [input]), order: order)
  }
}
