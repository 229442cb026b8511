package import FileIO
package import ModelIR

/// What every network's dimensions tell: everything about it but the weights' values and the input size.
package protocol NetworkConfiguration: Hashable, Sendable {
  /// Which kind of blocks the network is built of.
  var family: ArchitectureFamily { get }
  /// The paper's name where this is one of its networks, or a name made of the depths.
  var displayName: String { get }
  /// Channels of the input image.
  var imageChannels: Int { get }
  /// Channels of the last feature map.
  var featureChannels: Int { get }
  /// Classes of the final layer; nil for a backbone without one.
  var classes: Int? { get }
  /// Blocks of each stage: 3, 4, 6, 3 for the networks of 50 layers.
  var depths: [Int] { get }
  /// What the weights do not tell, and what is taken for it.
  var assumptions: [Assumption] { get }
  /// What a user should know of the weights, one sentence each.
  var notes: [String] { get }
  /// The scales of its blocks; nil for a network of one scale.
  var scaleTable: ScaleTable? { get }

  /// Whether the keys are those of such a network, complete or not.
  static func recognizes(_ weights: StateDict) -> Bool

  /// Reads the dimensions off the weights. No width is known beforehand.
  ///
  /// - Parameter source: the file's path, for errors.
  init(recognizing weights: StateDict, source: String) throws(ScaleNetError)

  /// The network as a graph for one input size.
  ///
  /// The input is [N, C, H, W]; the outputs are logits [N, classes], pooled features [N, channels] where there is no
  /// final layer, or with `features` the maps `layer1` to `layer4`.
  func graph(_ weights: StateDict, options: BuildOptions) throws(ScaleNetError) -> Graph

  /// Adds fresh weights in the order of the published implementation. Only built-in networks have some.
  func addInitialWeights(to new: inout WeightInitializer)

  /// The first layer that leaves nothing of an input of this side; nil if something is left of it everywhere.
  func layerWithoutOutput(inputSide: Int) -> String?
}

extension NetworkConfiguration {
  package var assumptions: [Assumption] { [] }

  package var notes: [String] { [] }

  package var scaleTable: ScaleTable? { nil }

  package func addInitialWeights(to new: inout WeightInitializer) {
    preconditionFailure("no built-in network is a \(family.rawValue)")
  }

  /// Fresh weights in the order of the published implementation. The same seed gives the same weights.
  package func initialWeights(seed: UInt64) -> StateDict {
    var new = WeightInitializer(seed: seed)
    addInitialWeights(to: &new)
    return new.weights
  }

  /// The same, handed over one after the other.
  package func initialWeights(seed: UInt64, to taker: @escaping (_ name: String, _ tensor: Tensor) -> Void) {
    var new = WeightInitializer(seed: seed, taker: taker)
    addInitialWeights(to: &new)
  }

  /// The names and shapes of the weights; convolutions and final layers are zero and take no memory.
  package func placeholderWeights() -> StateDict {
    var new = WeightInitializer(seed: nil)
    addInitialWeights(to: &new)
    return new.weights
  }

  /// The least side of a square input of which every layer leaves at least one pixel.
  package var leastInputSide: Int {
    // Sides only grow with the input, so the first that works is the least.
    (1...65536).first { layerWithoutOutput(inputSide: $0) == nil } ?? 65536
  }

  /// `kind` and the depths, for networks that no paper names.
  func name(kind: String) -> String {
    "\(kind) (" + depths.map(String.init).joined(separator: "-") + " blocks)"
  }

  /// Fails if a pool or convolution would have nothing left of such an input.
  func check(_ size: InputSize) throws(ScaleNetError) {
    // Beyond this the feature maps' element counts make no sense, whatever the memory.
    let most = 16384
    guard (1...most).contains(size.height), (1...most).contains(size.width) else {
      throw .invalidInputSize(found: "\(size)", expected: "sides from 1 to \(most)")
    }
    for side in [size.height, size.width] {
      if let place = layerWithoutOutput(inputSide: side) {
        throw .inputTooSmall(height: size.height, width: size.width, least: leastInputSide, place: place)
      }
    }
  }
}
