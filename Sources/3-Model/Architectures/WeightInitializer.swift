import ModelIR

/// Makes fresh weights by the initialisation that torchvision and the published ScaleNet share: convolutions normal
/// with standard deviation sqrt(2 / (k * k * filters)) (He et al. 2015, fan-out), BatchNorm 1 and 0, and biases and
/// linear layers uniform within 1 / sqrt(inputs), as PyTorch's own layers are.
package struct WeightInitializer {
  private(set) var weights = StateDict()
  /// Nil where only names and shapes are wanted.
  private var random: RandomSource?
  /// Takes each weight as it is made, so that they need not be in memory together; nil to keep them.
  private let taker: ((_ name: String, _ tensor: Tensor) -> Void)?

  /// Without a seed, all weights are zero and share one element's memory.
  init(seed: UInt64?, taker: ((_ name: String, _ tensor: Tensor) -> Void)? = nil) {
    random = seed.map(RandomSource.init)
    self.taker = taker
  }

  private mutating func add(_ name: String, _ tensor: Tensor) {
    if let taker { taker(name, tensor) } else { weights.append(name, tensor) }
  }

  /// A weight [filters, channels, kernel, kernel]; `channels` are those of one group.
  mutating func addConvolution(_ name: String, filters: Int, channels: Int, kernel: Int) {
    let deviation = (2.0 / Double(kernel * kernel * filters)).squareRoot()
    let shape = TensorShape([filters, channels, kernel, kernel])
    add("\(name).weight", normal(shape, deviation: deviation))
  }

  /// A 1x1 convolution with a bias.
  mutating func addBiasedConvolution(_ name: String, filters: Int, channels: Int) {
    addConvolution(name, filters: filters, channels: channels, kernel: 1)
    let bound = 1 / Double(channels).squareRoot()
    add("\(name).bias", uniform([filters], bound: bound))
  }

  /// A BatchNorm layer; with `startsAtZero` its gamma is 0, so that what is normalised adds nothing yet.
  mutating func addNormalization(_ name: String, channels: Int, startsAtZero: Bool = false) {
    let shape = TensorShape([channels])
    let ones = Tensor([Float](repeating: 1, count: channels), shape: shape)
    let zeros = Tensor([Float](repeating: 0, count: channels), shape: shape)
    add("\(name).weight", startsAtZero ? zeros : ones)
    add("\(name).bias", zeros)
    add("\(name).running_mean", zeros)
    add("\(name).running_var", ones)
    add("\(name).num_batches_tracked", Tensor([Int64(0)], shape: []))
  }

  /// A weight [outputs, inputs] and a bias.
  mutating func addLinear(_ name: String, outputs: Int, inputs: Int) {
    let bound = 1 / Double(inputs).squareRoot()
    let shape = TensorShape([outputs, inputs])
    add("\(name).weight", uniform(shape, bound: bound))
    add("\(name).bias", uniform([outputs], bound: bound))
  }

  private mutating func normal(_ shape: TensorShape, deviation: Double) -> Tensor {
    guard let values = random?.normals(shape.elementCount, deviation: deviation) else {
      return .zeros(shape: shape)
    }
    return Tensor(values, shape: shape)
  }

  private mutating func uniform(_ shape: TensorShape, bound: Double) -> Tensor {
    guard let values = random?.uniforms(shape.elementCount, bound: bound) else { return .zeros(shape: shape) }
    return Tensor(values, shape: shape)
  }
}
