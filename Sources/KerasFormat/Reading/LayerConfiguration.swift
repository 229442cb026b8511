/// One layer as the configuration describes it.
struct LayerConfiguration {
  /// The position in the configuration.
  let index: Int
  let layerClass: LayerClass
  let name: String
  /// The layer's own settings.
  let settings: JSON
  /// The layers that it reads.
  let inputs: [Int]
  /// Whether it is called as in training, where that is stated.
  let isTraining: Bool
}
