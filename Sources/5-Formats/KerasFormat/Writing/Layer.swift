import JSONText
import ModelIR

/// One layer of the model that is written.
struct Layer {
  /// A variable of a layer.
  struct Weight {
    /// Keras's name, such as `kernel`.
    let name: String
    /// The extents in Keras.
    let shape: TensorShape
    /// The elements in Keras's order.
    let tensor: Tensor
    /// The name of the initializer.
    let source: String

    init(_ name: String, _ tensor: Tensor, source: String, shape: TensorShape? = nil) {
      self.name = name
      // HDF5 has no bfloat16. Under `mixed_bfloat16` variables are float32, and rounded where layers compute.
      self.tensor = tensor.dataType == .bfloat16 ? tensor.cast(to: .float32) : tensor
      self.source = source
      self.shape = shape ?? tensor.shape
    }
  }

  let layerClass: LayerClass
  let name: String
  /// Members of the configuration behind name, `trainable` and `dtype`.
  let settings: [JSON.Member]
  /// A data type of its own instead of the model's policy.
  let dataType: String?
  /// The layers that it reads.
  let inputs: [Int]
  let weights: [Weight]
}
