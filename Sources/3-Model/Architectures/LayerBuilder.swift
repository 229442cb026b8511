import FileIO
import ModelIR

/// Adds the layers that image networks share to a graph, under the names of their PyTorch modules.
struct LayerBuilder {
  private(set) var graph: Graph
  private let weights: StateDict

  init(name: String, weights: StateDict) {
    graph = Graph(name: name)
    self.weights = weights
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
  mutating func weight(_ key: String) throws(ScaleNetError) -> ValueID {
    if let known = graph.value(named: key) { return known }
    guard let tensor = weights[key] else { throw .undefinedValue(node: key, value: key) }
    return try graph.addInitializer(key, tensor.dataType == .float32 ? tensor : tensor.cast(to: .float32))
  }

  /// The weight of a final layer as a matrix: a 1x1 convolution's has two axes of one element more.
  mutating func matrix(_ key: String) throws(ScaleNetError) -> ValueID {
    guard graph.value(named: key) == nil, let tensor = weights[key], tensor.shape.rank == 4 else {
      return try weight(key)
    }
    return try graph.addInitializer(key, tensor.droppingLastAxes(2).cast(to: .float32))
  }

  /// A convolution without bias; the kernel size is the weight's.
  mutating func convolution(
    _ name: String, _ x: ValueID, stride: Int = 1, group: Int = 1
  ) throws(ScaleNetError) -> ValueID {
    let weight = try weight("\(name).weight")
    let kernel = graph[weight].type.dimensions[2].value ?? 1
    let window = Window(kernel, stride: stride, pad: kernel / 2)
    return try node(name, .conv(Conv(window: window, group: group)), x, weight)
  }

  /// A 1x1 convolution with a bias.
  mutating func biasedConvolution(_ name: String, _ x: ValueID) throws(ScaleNetError) -> ValueID {
    try node(
      name, .conv(Conv(window: Window(1))), x, try weight("\(name).weight"), try weight("\(name).bias"))
  }

  mutating func normalization(_ name: String, _ x: ValueID) throws(ScaleNetError) -> ValueID {
    try node(
      name, .batchNormalization(BatchNormalization()), x, try weight("\(name).weight"),
      try weight("\(name).bias"), try weight("\(name).running_mean"), try weight("\(name).running_var"))
  }

  mutating func relu(_ name: String, _ x: ValueID) throws(ScaleNetError) -> ValueID {
    try node(name, .unary(.relu), x)
  }

  /// A pool of `size` x `size` steps of the same size, without margins.
  mutating func pool(_ name: String, _ x: ValueID, size: Int) throws(ScaleNetError) -> ValueID {
    try node(name, .maxPool(MaxPool(window: Window(size, stride: size))), x)
  }

  /// The values one after another along the channels.
  mutating func concat(_ name: String, _ inputs: [ValueID]) throws(ScaleNetError) -> ValueID {
    try graph.addNode(name, .concat(Concat(axis: 1)), inputs: inputs)[0]
  }

  /// Height and width of a feature map.
  func spatialSize(_ id: ValueID) -> InputSize {
    let dimensions = graph[id].type.dimensions
    return InputSize(height: dimensions[2].value ?? 0, width: dimensions[3].value ?? 0)
  }
}
