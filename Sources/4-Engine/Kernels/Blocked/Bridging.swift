internal import CKernels

// Safe: structures for the C code are made of feature maps, whose sizes they repeat, and are used while those are.

extension kernels_images {
  /// Images, whose first block is `firstBlock`.
  init(_ map: FeatureMap<Float>, firstBlock: Int = 0) {
    let stride = unsafe map.extent.area * map.lanes
    unsafe self.init(
      elements: map.elements + firstBlock * stride, image_stride: Int64(map.batchStride),
      block_stride: Int64(stride))
  }

  /// The same from another block on.
  func from(_ block: Int) -> kernels_images {
    var images = unsafe self
    if let elements = unsafe elements { unsafe images.elements = elements + block * Int(block_stride) }
    return unsafe images
  }
}

extension kernels_window {
  /// A window on images, which `fitsBlocks`. Steps that are never taken may be any number in a file.
  init(_ window: Window, _ input: FeatureMap<Float>, output: Extent) {
    unsafe self.init(
      input: kernels_images(input), height: Int32(input.extent.height), width: Int32(input.extent.width),
      pixel: Int32(input.lanes), rows: Int32(output.height), columns: Int32(output.width),
      kernel_height: Int32(window.kernel.height), kernel_width: Int32(window.kernel.width),
      stride_height: output.height == 1 ? 1 : Int32(window.strides.height),
      stride_width: output.width == 1 ? 1 : Int32(window.strides.width),
      dilation_height: window.kernel.height == 1 ? 1 : Int32(window.dilations.height),
      dilation_width: window.kernel.width == 1 ? 1 : Int32(window.dilations.width),
      top: Int32(window.padding.top), left: Int32(window.padding.left))
  }

  init(_ geometry: Convolution, _ input: FeatureMap<Float>, lanes: Int) {
    unsafe self.init(geometry.window, input, output: geometry.output)
  }
}

extension kernels_function {
  init(_ function: UnaryFunction) {
    switch function {
    case .relu: self.init(kind: Int32(KERNELS_RELU), first: 0, second: 0)
    case .leakyReLU(let alpha): self.init(kind: Int32(KERNELS_LEAKY_RELU), first: alpha, second: 0)
    case .sigmoid: self.init(kind: Int32(KERNELS_SIGMOID), first: 0, second: 0)
    case .hardSigmoid(let alpha, let beta):
      self.init(kind: Int32(KERNELS_HARD_SIGMOID), first: alpha, second: beta)
    case .hardSwish: self.init(kind: Int32(KERNELS_HARD_SWISH), first: 0, second: 0)
    case .hyperbolicTangent: self.init(kind: Int32(KERNELS_TANH), first: 0, second: 0)
    case .squareRoot: self.init(kind: Int32(KERNELS_SQUARE_ROOT), first: 0, second: 0)
    case .exponential: self.init(kind: Int32(KERNELS_EXPONENTIAL), first: 0, second: 0)
    case .clip(let minimum, let maximum):
      self.init(kind: Int32(KERNELS_CLIP), first: minimum, second: maximum)
    case .swish(let alpha): self.init(kind: Int32(KERNELS_SWISH), first: alpha, second: 0)
    case .errorFunction: self.init(kind: Int32(KERNELS_ERROR_FUNCTION), first: 0, second: 0)
    case .gelu(isTanh: false): self.init(kind: Int32(KERNELS_GELU), first: 0, second: 0)
    case .gelu(isTanh: true): self.init(kind: Int32(KERNELS_TANH_GELU), first: 0, second: 0)
    case .round: self.init(kind: Int32(KERNELS_ROUND), first: 0, second: 0)
    }
  }

  init(_ function: FusedFunction?) {
    switch function {
    case nil: self.init(kind: Int32(KERNELS_NONE), first: 0, second: 0)
    case .unary(let function): self.init(function)
    case .swish: self.init(.swish(alpha: 1))
    }
  }
}

extension BinaryFunction {
  /// The function's number in the C code.
  var number: Int32 {
    switch self {
    case .add: Int32(KERNELS_ADD)
    case .subtract: Int32(KERNELS_SUBTRACT)
    case .multiply: Int32(KERNELS_MULTIPLY)
    case .divide: Int32(KERNELS_DIVIDE)
    case .power: Int32(KERNELS_POWER)
    case .parametricReLU: Int32(KERNELS_PRELU)
    }
  }
}
