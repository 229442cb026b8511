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
  case mean, sum, max, min, product, variance, deviation, logSumExp, argMax, argMin, unitLength
  case stack, split, unstack, flip, roll, tile, repeatEach, take, moveAxis, swapAxes
  // Of several values.
  case matMul, einsum, choose, greater, greaterOrEqual, less, lessOrEqual, equal, notEqual
  case logicalAnd, logicalOr, logicalNot, squaredDifference
  // Of single numbers.
  case sin, cos, tan, floor, ceil, round, sign, erf, reciprocal, inverseRoot, expLessOne, logOfMore, oneHot
  case celu, logSoftmax
  // Of images.
  case resize, maxPool, averagePool, depthToSpace, spaceToDepth

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
    "math.reduce_min": .min, "math.reduce_prod": .product, "math.reduce_variance": .variance,
    "math.reduce_std": .deviation, "math.reduce_logsumexp": .logSumExp, "math.argmax": .argMax,
    "math.argmin": .argMin, "argmax": .argMax, "argmin": .argMin, "math.l2_normalize": .unitLength,
    "nn.l2_normalize": .unitLength, "linalg.l2_normalize": .unitLength, "stack": .stack, "split": .split,
    "unstack": .unstack, "reverse": .flip, "roll": .roll, "tile": .tile, "repeat": .repeatEach,
    "gather": .take, "compat.v1.gather": .take, "linalg.matmul": .matMul, "matmul": .matMul,
    "einsum": .einsum, "where": .choose,
    "math.greater": .greater, "math.greater_equal": .greaterOrEqual, "math.less": .less,
    "math.less_equal": .lessOrEqual, "math.equal": .equal, "math.not_equal": .notEqual,
    "math.logical_and": .logicalAnd, "math.logical_or": .logicalOr, "math.logical_not": .logicalNot,
    "math.squared_difference": .squaredDifference, "math.sin": .sin, "math.cos": .cos, "math.tan": .tan,
    "math.floor": .floor, "math.ceil": .ceil, "math.round": .round, "math.sign": .sign, "math.erf": .erf,
    "math.reciprocal": .reciprocal, "math.rsqrt": .inverseRoot, "math.expm1": .expLessOne,
    "math.log1p": .logOfMore, "nn.log_softmax": .logSoftmax, "math.log_softmax": .logSoftmax,
    "image.resize": .resize, "nn.max_pool2d": .maxPool, "nn.avg_pool2d": .averagePool,
    "nn.max_pool": .maxPool, "nn.avg_pool": .averagePool,
    "nn.depth_to_space": .depthToSpace, "nn.space_to_depth": .spaceToDepth,
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
      "Min": .min, "Amax": .max, "Amin": .min, "Prod": .product, "Var": .variance, "Std": .deviation,
      "Argmax": .argMax, "Argmin": .argMin, "Stack": .stack, "Split": .split, "Flip": .flip, "Roll": .roll,
      "Tile": .tile, "Repeat": .repeatEach, "Take": .take, "Moveaxis": .moveAxis, "Swapaxes": .swapAxes,
      "Matmul": .matMul, "Einsum": .einsum, "Where": .choose, "Greater": .greater,
      "GreaterEqual": .greaterOrEqual, "Less": .less, "LessEqual": .lessOrEqual, "Equal": .equal,
      "NotEqual": .notEqual, "LogicalAnd": .logicalAnd, "LogicalOr": .logicalOr, "LogicalNot": .logicalNot,
      "Sin": .sin, "Cos": .cos, "Tan": .tan, "Floor": .floor, "Ceil": .ceil, "Round": .round, "Sign": .sign,
      "Reciprocal": .reciprocal, "Expm1": .expLessOne, "Log1p": .logOfMore,
    ],
    "keras.src.ops.math": [
      "Rsqrt": .inverseRoot, "Erf": .erf, "Logsumexp": .logSumExp,
    ],
    "keras.src.ops.image": ["Resize": .resize],
    "keras.src.ops.nn": [
      "Relu": .relu, "Relu6": .relu6, "Sigmoid": .sigmoid, "Silu": .silu, "Softplus": .softplus, "Elu": .elu,
      "Selu": .selu, "Gelu": .gelu, "LeakyRelu": .leakyRelu, "HardSigmoid": .hardSigmoid,
      "HardSilu": .hardSilu, "Softsign": .softsign, "Softmax": .softmax, "LogSoftmax": .logSoftmax,
      "Celu": .celu, "OneHot": .oneHot, "Normalize": .unitLength, "MaxPool": .maxPool,
      "AveragePool": .averagePool, "DepthToSpace": .depthToSpace, "SpaceToDepth": .spaceToDepth,
    ],
    "keras.src.ops.core": ["Cast": .cast, "Unstack": .unstack],
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
