/// The function behind a normalisation. Raw values are timm's and Hugging Face's names.
public enum Activation: String, Sendable, CaseIterable {
  /// max(x, 0): all published networks of these families.
  case relu
  /// ReLU that ends at 6.
  case relu6
  /// With a slope of 0.01 below 0.
  case leakyRelu = "leaky_relu"
  /// exp(x) - 1 below 0.
  case elu
  /// x * sigmoid(x), also called swish.
  case silu
  /// x / 2 * (1 + erf(x / sqrt(2))).
  case gelu
  /// GELU's approximation by tanh.
  case geluTanh = "gelu_tanh"
  /// x * max(0, min(1, x / 6 + 0.5)).
  case hardSwish = "hard_swish"
  /// x * tanh(log(1 + exp(x))).
  case mish

  /// As papers spell it.
  package var displayName: String {
    switch self {
    case .relu: "ReLU"
    case .relu6: "ReLU6"
    case .leakyRelu: "leaky ReLU"
    case .elu: "ELU"
    case .silu: "SiLU"
    case .gelu: "GELU"
    case .geluTanh: "GELU by tanh"
    case .hardSwish: "hard swish"
    case .mish: "Mish"
    }
  }
}

/// What the same weights can be built with: none of it can be told from them. Nil is what the published network has.
package struct Choices: Hashable, Sendable {
  /// Added to the variance of every BatchNormalization.
  package var epsilon: Float?
  /// What every ReLU becomes, but for those within squeeze-and-excitation.
  package var activation: Activation?
  /// The step between pixels of the last feature map in those of the image, 8, 16 or 32: stages that would pass it are
  /// dilated instead.
  package var outputStride: Int?

  package init(epsilon: Float? = nil, activation: Activation? = nil, outputStride: Int? = nil) {
    self.epsilon = epsilon
    self.activation = activation
    self.outputStride = outputStride
  }

  /// Whether there is nothing to change.
  var isEmpty: Bool { self == Choices() }
}
