internal import Kernels
internal import ModelIR

/// What one step of a plan computes.
enum Operation<Scalar: ExecutionScalar> {
  /// The first input; the second, if any, is the residual.
  case convolution(any PreparedConvolution<Scalar>, appliesReLU: Bool)
  /// The same on images in blocks of channels.
  case blockedConvolution(any BlockedConvolution<Scalar>, FusedFunction?)
  /// The first input; the second, if any, is the residual. Weights are packed in the run.
  case passingConvolution(PassingConvolution<Scalar>)
  /// A, and C if there is one; B is packed in the run.
  case passingProduct(PassingProduct)
  /// Brings channels into the output's order.
  case reorder
  /// The same with weights that are computed: input, weights, bias if there is one, residual if there is one.
  case computedConvolution(Convolution, hasBias: Bool, appliesReLU: Bool)
  /// A, and C if there is one, with its steps along rows and columns.
  case matrixProduct(any PreparedMatrixProduct<Scalar>, rowStep: Int, columnStep: Int)
  /// Several products of A and B, which are both computed, and C if there is one.
  case computedMatrixProducts(MatrixProducts)
  case maxPool(Kernels.Window)
  case averagePool(Kernels.Window, countsPadding: Bool)
  case globalAveragePool
  case resize(Resampling)
  /// Resamples one axis after the other.
  case interpolate([Interpolation])
  case move(Movement)
  case mean(Reduction)
  case localResponse(LocalResponse)
  /// The input, scale and shift.
  case scaleAndShift(appliesReLU: Bool)
  /// The input, gamma, beta, mean and variance.
  case normalize(epsilon: Float, appliesReLU: Bool)
  case unary(UnaryFunction)
  case binary(BinaryFunction, Broadcasting, appliesReLU: Bool)
  case softmax(outer: Int, count: Int, inner: Int)
  /// The input, then scale and shift where there are any.
  case normalizeRows(RowNormalization)
  /// Copies images, rounded to a narrower type on the way if one is given.
  case copy(DataType?)
  /// A node that no kernel above is for: the reference evaluator computes it.
  case reference(ReferenceStep)
  /// Several steps, some channels at a time.
  case tiled(TiledSteps<Scalar>)
  /// Nothing to compute before it is shown: the first input less the second, which takes no memory of its own.
  case difference
  /// Nothing to compute: the output is the input's memory under another shape.
  case alias
}

/// An operand of a step: where it lies, and its images.
struct Operand {
  /// Whether it lies among the constants, else in the arena.
  var isConstant: Bool
  /// The value whose memory it is.
  var root: ValueID
  /// The first element.
  var offset: Int
  /// Whether there is only room for the channels of a tile.
  var isTile = false
  var images: ImageShape
}

/// A value's extents as a batch of images.
struct ImageShape: Hashable {
  var batch: Int
  /// Empty lanes count too, where channels lie in blocks.
  var channels: Int
  var height: Int
  var width: Int
  /// Elements from an image to the next one.
  var batchStride: Int
  /// How the channels lie; nil for planes.
  var blocks: ChannelBlocks?

  /// Values that are no images count as rows: [batch, channels, 1, the rest].
  init(_ dimensions: [Int], _ blocks: ChannelBlocks? = nil) {
    switch dimensions.count {
    case 0: (batch, channels, height, width) = (1, 1, 1, 1)
    case 1: (batch, channels, height, width) = (1, 1, 1, dimensions[0])
    case 4: (batch, channels, height, width) = (dimensions[0], dimensions[1], dimensions[2], dimensions[3])
    default:
      (batch, channels, height, width) = (
        dimensions[0], dimensions[1], 1, dimensions[2...].reduce(1, *)
      )
    }
    if let blocks { channels = blocks.paddedChannels }
    batchStride = channels * height * width
    self.blocks = blocks
  }

  var imageSize: Int { channels * height * width }
}

/// One call of a kernel.
struct Step<Scalar: ExecutionScalar> {
  var operation: Operation<Scalar>
  var inputs: [Operand]
  var output: Operand
  /// Where a node of several outputs writes the others.
  var moreOutputs: [Operand] = []
  /// What it computes; nil for a part of a value.
  var value: ValueID?
}
