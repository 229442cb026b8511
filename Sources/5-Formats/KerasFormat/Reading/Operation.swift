/// Operations that stand in place of layers: TensorFlow's, which Keras 2 wraps into TFOpLambda and SlicingOpLambda, and
/// Keras 3's own.
enum Operation: Sendable {
  // Of two operands, of which one may be a number.
  case add, subtract, multiply, divide, maximum, minimum, power, biasAdd
  // Of one.
  case negative, abs, square, sqrt, exp, log, relu, relu6, sigmoid, tanh, silu, softplus, softsign, elu, selu,
    gelu
  case leakyRelu, hardSigmoid, hardSilu, identity, clip, softmax
  case cast
  // Of shapes and along axes.
  case getItem, reshape, flatten, transpose, expandDims, squeeze, pad, concatenate
  case mean, sum, max, min

  /// TensorFlow's functions by the names that Keras 2 gives them.
  private static let ofTensorFlow: [String: Operation] = [
    "__operators__.add": .add, "math.add": .add, "math.subtract": .subtract, "math.multiply": .multiply,
    "math.truediv": .divide, "math.divide": .divide, "math.maximum": .maximum, "math.minimum": .minimum,
    "math.negative": .negative, "math.abs": .abs, "math.square": .square, "math.sqrt": .sqrt,
    "math.exp": .exp, "nn.relu": .relu, "nn.relu6": .relu6, "math.sigmoid": .sigmoid, "nn.sigmoid": .sigmoid,
    "math.tanh": .tanh, "nn.tanh": .tanh, "nn.silu": .silu, "nn.swish": .silu, "math.softplus": .softplus,
    "nn.softplus": .softplus, "nn.elu": .elu, "nn.selu": .selu, "nn.gelu": .gelu, "identity": .identity,
    "cast": .cast, "__operators__.getitem": .getItem, "math.log": .log, "math.pow": .power,
    "math.softsign": .softsign, "nn.softsign": .softsign, "nn.leaky_relu": .leakyRelu, "nn.softmax": .softmax,
    "clip_by_value": .clip, "nn.bias_add": .biasAdd, "reshape": .reshape, "concat": .concatenate,
    "keras.backend.batch_flatten": .flatten, "transpose": .transpose, "compat.v1.transpose": .transpose,
    "expand_dims": .expandDims, "squeeze": .squeeze, "compat.v1.squeeze": .squeeze, "pad": .pad,
    "compat.v1.pad": .pad, "math.reduce_mean": .mean, "math.reduce_sum": .sum, "math.reduce_max": .max,
    "math.reduce_min": .min,
  ]

  /// Keras 3's classes of operations by module and name.
  private static let ofKeras: [String: [String: Operation]] = [
    "keras.src.ops.numpy": [
      "Add": .add, "Subtract": .subtract, "Multiply": .multiply, "TrueDivide": .divide, "Divide": .divide,
      "Maximum": .maximum, "Minimum": .minimum, "Negative": .negative, "Abs": .abs, "Absolute": .abs,
      "Square": .square, "Sqrt": .sqrt, "Exp": .exp, "Log": .log, "Tanh": .tanh, "Power": .power,
      "Clip": .clip,
      "GetItem": .getItem, "Reshape": .reshape, "Transpose": .transpose, "ExpandDims": .expandDims,
      "Squeeze": .squeeze, "Pad": .pad, "Concatenate": .concatenate, "Mean": .mean, "Sum": .sum, "Max": .max,
      "Min": .min,
    ],
    "keras.src.ops.nn": [
      "Relu": .relu, "Relu6": .relu6, "Sigmoid": .sigmoid, "Silu": .silu, "Softplus": .softplus, "Elu": .elu,
      "Selu": .selu, "Gelu": .gelu, "LeakyRelu": .leakyRelu, "HardSigmoid": .hardSigmoid,
      "HardSilu": .hardSilu, "Softsign": .softsign, "Softmax": .softmax,
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
