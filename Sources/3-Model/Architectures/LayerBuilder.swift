import FileIO
import ModelIR

/// Adds the layers that image networks share to a graph, under the names of their PyTorch modules.
///
/// With `isChecking` it notes every weight that is missing or does not fit, puts zeros in its place and goes on: to
/// build a network is then to check its weights, and names stand in one place.
struct LayerBuilder {
  private(set) var graph: Graph
  let weights: StateDict
  /// Nil where the weights are known to fit.
  private var checker: WeightChecker?

  init(name: String, weights: StateDict, isChecking: Bool = false) {
    graph = Graph(name: name)
    self.weights = weights
    checker = isChecking ? WeightChecker(weights) : nil
  }

  /// Everything that is wrong with the weights that were asked for, and, with `isComplete`, every other weight.
  mutating func problems(isComplete: Bool) -> [WeightProblem] {
    if isComplete { checker?.finish() }
    return checker?.problems ?? []
  }

  mutating func input(_ name: String, _ type: TensorType) throws(ScaleNetError) -> ValueID {
    try graph.addInput(name, type)
  }

  mutating func setOutputs(_ ids: [ValueID]) {
    graph.setOutputs(ids)
  }

  /// Gives a value the name of a graph output.
  mutating func rename(_ id: ValueID, to name: String) throws(ScaleNetError) {
    guard graph[id].name != name else { return }
    guard graph.value(named: name) == nil else { throw .duplicateName(name: name) }
    graph[id].name = name
  }

  /// A node with one output, which gets the node's name.
  mutating func node(_ name: String, _ op: Operator, _ inputs: ValueID?...) throws(ScaleNetError) -> ValueID {
    try graph.addNode(name, op, inputs: inputs)[0]
  }

  /// A weight as float32, the type that graphs are made of; other types are converted when they are read.
  ///
  /// - Parameter expected: its shape, nil for an extent that is not known; what is checked.
  /// - Parameter reshaped: the shape that the graph wants the same elements in.
  mutating func weight(
    _ key: String, _ expected: [Int?]? = nil, reshaped: TensorShape? = nil
  ) throws(ScaleNetError) -> ValueID {
    if let known = graph.value(named: key) { return known }
    var tensor = weights[key]
    if let expected, checker != nil, checker?.take(key, expected) == nil {
      let found = tensor?.shape.dimensions ?? []
      tensor = .zeros(
        shape: TensorShape(
          expected.enumerated().map { axis, extent in
            extent ?? (found.count == expected.count ? max(1, found[axis]) : 1)
          }))
    }
    guard var tensor else { throw .undefinedValue(node: key, value: key) }
    if let reshaped {
      // Only extents of 1 come or go, which every layout allows.
      guard let other = tensor.reshaped(reshaped) else { throw .undefinedValue(node: key, value: key) }
      tensor = other
    }
    return try graph.addInitializer(key, tensor.dataType == .float32 ? tensor : tensor.cast(to: .float32))
  }

  /// Marks the weights of modules that take no part in the forward pass, such as heads for training.
  mutating func skip(_ prefixes: [String]) {
    for name in weights.names where prefixes.contains(where: name.hasPrefix) { checker?.skip(name) }
  }

  /// A value that no weight holds.
  mutating func constant(_ name: String, _ tensor: Tensor) throws(ScaleNetError) -> ValueID {
    if let known = graph.value(named: name) { return known }
    return try graph.addInitializer(name, tensor)
  }

  /// The weight of a final layer as a matrix: a 1x1 convolution's has two axes of one element more.
  mutating func matrix(_ key: String) throws(ScaleNetError) -> ValueID {
    guard graph.value(named: key) == nil, let tensor = weights[key], tensor.shape.rank == 4 else {
      return try weight(key)
    }
    return try graph.addInitializer(key, tensor.droppingLastAxes(2).cast(to: .float32))
  }

  /// A convolution whose kernel size and filters are the weight's unless they are given; margins keep the size, equal
  /// on both sides, or with `padsLikeTensorFlow` as that pads: no more than needed, and the odd one behind.
  mutating func convolution(
    _ name: String, _ x: ValueID, filters: Int? = nil, kernel: Int? = nil, stride: Int = 1, group: Int = 1,
    dilation: Int = 1, hasBias: Bool = false, padsLikeTensorFlow: Bool = false
  ) throws(ScaleNetError) -> ValueID {
    let weight = try weight("\(name).weight", [filters, channels(x) / group, kernel, kernel])
    let size = graph[weight].type.dimensions[2].value ?? 1
    var pads = [Int](repeating: dilation * (size - 1) / 2, count: 4)
    if padsLikeTensorFlow {
      let image = spatialSize(x)
      for (axis, extent) in [image.height, image.width].enumerated() {
        let steps = (extent - 1) / stride
        let needed = max(0, steps * stride + dilation * (size - 1) + 1 - extent)
        (pads[axis], pads[axis + 2]) = (needed / 2, needed - needed / 2)
      }
    }
    let window = Window(
      kernel: [size, size], strides: [stride, stride], pads: pads, dilations: [dilation, dilation])
    let bias = hasBias ? try self.weight("\(name).bias", [graph[weight].type.dimensions[0].value]) : nil
    return try graph.addNode(
      name, .conv(Conv(window: window, group: group)), inputs: bias.map { [x, weight, $0] } ?? [x, weight])[0]
  }

  mutating func normalization(
    _ name: String, _ x: ValueID, epsilon: Float = BatchNormalization().epsilon
  ) throws(ScaleNetError) -> ValueID {
    let count = channels(x)
    return try node(
      name, .batchNormalization(BatchNormalization(epsilon: epsilon)), x,
      try weight("\(name).weight", [count]), try weight("\(name).bias", [count]),
      try weight("\(name).running_mean", [count]), try weight("\(name).running_var", [count]))
  }

  /// Normalisation of groups of channels, in operators that every opset has: each group is one instance.
  mutating func groupNormalization(
    _ name: String, _ x: ValueID, groups: Int
  ) throws(ScaleNetError) -> ValueID {
    let count = channels(x)
    let size = spatialSize(x)
    let unit = Tensor([Float](repeating: 1, count: groups), shape: [groups])
    let shape: TensorShape = [count, 1, 1]
    var y = try reshape("\(name).group", x, [0, groups, -1])
    y = try node(
      "\(name).normalize", .instanceNormalization(InstanceNormalization()), y,
      try constant("group_norm.scale", unit), try constant("group_norm.bias", .zeros(shape: [groups])))
    y = try reshape("\(name).ungroup", y, [0, count, size.height, size.width])
    y = try node("\(name).scale", .binary(.mul), y, try weight("\(name).weight", [count], reshaped: shape))
    return try node(name, .binary(.add), y, try weight("\(name).bias", [count], reshaped: shape))
  }

  mutating func relu(_ name: String, _ x: ValueID) throws(ScaleNetError) -> ValueID {
    try node(name, .unary(.relu), x)
  }

  /// ReLU, or x times its sigmoid.
  mutating func activation(_ name: String, _ x: ValueID, isSwish: Bool) throws(ScaleNetError) -> ValueID {
    guard isSwish else { return try relu(name, x) }
    return try node(name, .binary(.mul), x, try node("\(name).sigmoid", .unary(.sigmoid), x))
  }

  /// A pool of `size` x `size` steps of the same size, without margins.
  mutating func pool(_ name: String, _ x: ValueID, size: Int) throws(ScaleNetError) -> ValueID {
    try node(name, .maxPool(MaxPool(window: Window(size, stride: size))), x)
  }

  /// The mean of windows; margins count as zeros where `countsMargins` says so.
  mutating func averagePool(
    _ name: String, _ x: ValueID, _ window: Window, ceilMode: Bool = false, countsMargins: Bool = false
  ) throws(ScaleNetError) -> ValueID {
    let pool = AveragePool(window: window, ceilMode: ceilMode, countIncludePad: countsMargins)
    return try node(name, .averagePool(pool), x)
  }

  /// The values one after another along the channels.
  mutating func concat(_ name: String, _ inputs: [ValueID]) throws(ScaleNetError) -> ValueID {
    try graph.addNode(name, .concat(Concat(axis: 1)), inputs: inputs)[0]
  }

  /// The sum of values of one shape, added from the left.
  mutating func sum(_ name: String, _ inputs: [ValueID]) throws(ScaleNetError) -> ValueID {
    var sum = inputs[0]
    for (index, next) in inputs.enumerated().dropFirst() {
      let isLast = index == inputs.count - 1
      sum = try node(isLast ? name : "\(name).\(index)", .binary(.add), sum, next)
    }
    return sum
  }

  /// `count` positions of an axis, from `start`.
  mutating func slice(
    _ name: String, _ x: ValueID, start: Int, count: Int, axis: Int = 1
  ) throws(ScaleNetError) -> ValueID {
    try node(name, .slice(Slice(axes: [axis], starts: [start], steps: [1], counts: [count])), x)
  }

  /// The same elements in another shape: 0 keeps an extent, one -1 takes what is left.
  mutating func reshape(_ name: String, _ x: ValueID, _ shape: [Int]) throws(ScaleNetError) -> ValueID {
    try node(name, .reshape(Reshape(shape: shape)), x)
  }

  /// Every channel times a factor between 0 and 1 that two layers with biases make of all channels' means.
  mutating func squeezeExcitation(
    _ name: String, _ input: ValueID, layers: (reduce: String, expand: String), isSwish: Bool = false
  ) throws(ScaleNetError) -> ValueID {
    var x = try node("\(name).avg_pool", .globalPool(.average), input)
    x = try convolution("\(name).\(layers.reduce)", x, kernel: 1, hasBias: true)
    x = try activation("\(name).\(isSwish ? "act" : "relu")", x, isSwish: isSwish)
    x = try convolution("\(name).\(layers.expand)", x, filters: channels(input), kernel: 1, hasBias: true)
    x = try node("\(name).sigmoid", .unary(.sigmoid), x)
    return try node("\(name).mul", .binary(.mul), input, x)
  }

  /// Height and width of a feature map.
  func spatialSize(_ id: ValueID) -> InputSize {
    let dimensions = graph[id].type.dimensions
    return InputSize(height: dimensions[2].value ?? 0, width: dimensions[3].value ?? 0)
  }

  /// Channels of a feature map.
  func channels(_ id: ValueID) -> Int { graph[id].type.dimensions[1].value ?? 0 }
}
