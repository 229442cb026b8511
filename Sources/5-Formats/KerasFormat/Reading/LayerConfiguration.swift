/// One layer as the configuration describes it.
struct LayerConfiguration {
  /// The position among the layers of the model and of those within it.
  let index: Int
  let layerClass: LayerClass
  /// The name, behind those of the models that the layer is in.
  let name: String
  /// The models that the layer is in, without the outermost.
  let models: [String]
  /// The name in its own model.
  let ownName: String
  /// The layer's own settings.
  let settings: JSON
  /// The layers that it reads. An input of a model within another reads what that model is called on.
  var inputs: [Int] = []
  /// The number that arithmetic is done with in place of a second layer, and whether it comes first.
  var operand: (value: Double, isFirst: Bool)?
  /// Whether it is called as in training, where that is stated.
  var isTraining = false
}
