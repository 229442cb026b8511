/// Operations that stand in place of layers: TensorFlow's, which Keras 2 wraps into TFOpLambda and SlicingOpLambda, and
/// Keras 3's own.
enum Operation: Sendable {
  // Of two operands, of which one may be a number.
  case add, subtract, multiply, divide, maximum, minimum
  // Of one.
  case negative, abs, square, sqrt, exp, relu, relu6, sigmoid, tanh, silu, softplus, elu, selu, gelu, identity
  case cast
  case getItem

  /// How many operands there are.
  var operandCount: Int {
    switch self {
    case .add, .subtract, .multiply, .divide, .maximum, .minimum: 2
    case .negative, .abs, .square, .sqrt, .exp, .relu, .relu6, .sigmoid, .tanh, .silu, .softplus, .elu, .selu,
      .gelu,
      .identity, .cast, .getItem:
      1
    }
  }

  /// TensorFlow's functions by the names that Keras 2 gives them.
  private static let ofTensorFlow: [String: Operation] = [
    "__operators__.add": .add, "math.add": .add, "math.subtract": .subtract, "math.multiply": .multiply,
    "math.truediv": .divide, "math.divide": .divide, "math.maximum": .maximum, "math.minimum": .minimum,
    "math.negative": .negative, "math.abs": .abs, "math.square": .square, "math.sqrt": .sqrt,
    "math.exp": .exp, "nn.relu": .relu, "nn.relu6": .relu6, "math.sigmoid": .sigmoid, "nn.sigmoid": .sigmoid,
    "math.tanh": .tanh, "nn.tanh": .tanh, "nn.silu": .silu, "nn.swish": .silu, "math.softplus": .softplus,
    "nn.softplus": .softplus, "nn.elu": .elu, "nn.selu": .selu, "nn.gelu": .gelu, "identity": .identity,
    "cast": .cast, "__operators__.getitem": .getItem,
  ]

  /// Keras 3's classes of operations by module and name.
  private static let ofKeras: [String: [String: Operation]] = [
    "keras.src.ops.numpy": [
      "Add": .add, "Subtract": .subtract, "Multiply": .multiply, "TrueDivide": .divide, "Divide": .divide,
      "Maximum": .maximum, "Minimum": .minimum, "Negative": .negative, "Abs": .abs, "Absolute": .abs,
      "Square": .square, "Sqrt": .sqrt, "Exp": .exp, "Tanh": .tanh, "GetItem": .getItem,
    ],
    "keras.src.ops.nn": [
      "Relu": .relu, "Relu6": .relu6, "Sigmoid": .sigmoid, "Silu": .silu, "Softplus": .softplus, "Elu": .elu,
      "Selu": .selu, "Gelu": .gelu,
    ],
    "keras.src.ops.core": ["Cast": .cast],
  ]

  /// The function of TensorFlow that has this name.
  init?(function: String) {
    guard let operation = Self.ofTensorFlow[function] else { return nil }
    self = operation
  }

  /// The operation of Keras 3 that is this class of this module.
  init?(module: String, className: String) {
    guard let operation = Self.ofKeras[module]?[className] else { return nil }
    self = operation
  }

  /// The operation of Keras 3 that is called so in some module.
  init?(className: String) {
    guard let operation = Self.ofKeras.values.compactMap({ $0[className] }).first else { return nil }
    self = operation
  }

  /// Keras 2's classes of layers that wrap an operation.
  static let wrappers: Set<String> = ["TFOpLambda", "SlicingOpLambda"]
}
