import FileIO
import ModelIR

extension GraphAssembler {
  /// Adds the nodes of a layer.
  mutating func add(
    _ layer: LayerConfiguration, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    switch layer.layerClass {
    case .input: return try addInputLayer(&reader)
    case .conv2D: return try addConv(&reader)
    case .depthwiseConv2D: return try addDepthwiseConv(&reader)
    case .separableConv2D: return try addSeparableConv(&reader)
    case .batchNormalization: return try addBatchNormalization(&reader)
    case .normalization: return try addNormalization(&reader)
    case .rescaling: return try addRescaling(&reader)
    case .relu: return try addRelu(&reader)
    case .leakyRelu: return try addLeakyRelu(&reader)
    case .pRelu: return try addPRelu(&reader)
    case .activation: return try activated(try rawInput(reader), name: layer.name, &reader)
    case .softmax: return try addSoftmax(&reader)
    case .zeroPadding2D: return try addZeroPadding(&reader)
    case .cropping2D: return try addCropping(&reader)
    case .maxPooling2D: return try addMaxPooling(&reader)
    case .averagePooling2D: return try addAveragePooling(&reader)
    case .globalAveragePooling2D:
      return try addGlobalPooling(&reader, .globalPool(.average))
    case .globalMaxPooling2D: return try addGlobalPooling(&reader, .globalPool(.max))
    case .upSampling2D: return try addUpSampling(&reader)
    case .resizing: return try addResizing(&reader)
    case .concatenate: return try addConcatenate(&reader)
    case .add: return try addMerge(&reader, .binary(.add))
    case .subtract: return try addMerge(&reader, .binary(.sub))
    case .multiply: return try addMerge(&reader, .binary(.mul))
    case .average: return try addAverage(&reader)
    case .dense: return try addDense(&reader)
    case .flatten: return try addFlatten(&reader)
    case .reshape: return try addReshape(&reader)
    case .permute: return try addPermute(&reader)
    // They do nothing in inference.
    case .dropout, .spatialDropout2D, .gaussianNoise, .gaussianDropout:
      _ = reader.value("data_format")
      return try padded(reader)
    }
  }

  private mutating func addInputLayer(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    // The input of a model within the model is what that is called on.
    if !reader.layer.inputs.isEmpty { return try padded(reader) }
    let stated = reader.layer.settings["batch_shape"] ?? reader.layer.settings["batch_input_shape"]
    func invalid() -> ScaleNetError {
      reader.failure("batch_shape", "a batch and positive extents", stated?.kind ?? "nothing")
    }
    guard case .array(let items)? = stated, (2...8).contains(items.count) else { throw invalid() }
    var dimensions: [Dimension] = []
    for (axis, item) in items.enumerated() {
      switch item {
      case .integer(let extent) where (1...1 << 24).contains(extent): dimensions.append(.fixed(extent))
      case .null where axis == 0: dimensions.append(.symbolic("batch"))
      default: throw invalid()
      }
    }
    let order = standardOrder(items.count)
    var arranged = dimensions
    for (position, axis) in order.enumerated() { arranged[axis] = dimensions[position] }
    return LayerValue(id: try addInput(reader.layer.name, TensorType(.float32, arranged)), order: order)
  }

  /// The same behind a layer with weights, whose name the node before it has.
  mutating func activatedBehind(
    _ value: LayerValue, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    guard reader.layer.settings["activation"] != .string("linear") else {
      return try activated(value, name: "", &reader)
    }
    let name = unusedName("\(reader.layer.name)_activation")
    return try activated(value, name: name, &reader)
  }

  private mutating func addSoftmax(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let stated = try reader.axis("axis", rank: value.order.count, default: -1)
    guard stated > 0 else { throw reader.failure("axis", "an axis behind the batch", "0") }
    value.id = try node(reader.layer.name, .softmax(Softmax(axis: value.order[stated])), [value.id])
    value.isNonNegative = true
    return value
  }

  private mutating func addBatchNormalization(
    _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let stated = try reader.axis("axis", rank: value.order.count, default: -1)
    guard stated > 0 else { throw reader.failure("axis", "an axis behind the batch", "0") }
    if value.order[stated] != 1 {
      // The graph normalises along axis 1.
      let rest = Array(2..<value.order.count)
      value = try arranged(value, [0] + rest[..<(stated - 1)] + [1] + rest[(stated - 1)...], reader)
    }
    guard let epsilon = try reader.number("epsilon", default: 1e-3), epsilon >= 0 else {
      throw reader.failure("epsilon", "0 or more", "less")
    }
    let hasScale = try reader.bool("scale", default: true)
    let hasCenter = try reader.bool("center", default: true)
    let shape: TensorShape = [extents(value.id)[1]]
    var expected: [(name: String, shape: TensorShape)] = []
    if hasScale { expected.append(("gamma", shape)) }
    if hasCenter { expected.append(("beta", shape)) }
    expected += [("moving_mean", shape), ("moving_variance", shape)]
    var tensors = try weights(reader, expected)
    if !hasScale { tensors.insert(Tensor([Float](repeating: 1, count: shape[0]), shape: shape), at: 0) }
    if !hasCenter { tensors.insert(Tensor([Float](repeating: 0, count: shape[0]), shape: shape), at: 1) }
    var inputs: [ValueID?] = [value.id]
    for (name, tensor) in zip(["gamma", "beta", "moving_mean", "moving_variance"], tensors) {
      let arranged = try rearranged(tensor.reshaped([shape[0], 1]) ?? tensor, value, reader)
      inputs.append(
        try initializer("\(reader.layer.name).\(name)", arranged.reshaped(shape) ?? arranged))
    }
    value.id = try node(
      reader.layer.name, .batchNormalization(BatchNormalization(epsilon: Float(epsilon))), inputs)
    value.isNonNegative = false
    return value
  }

  private mutating func addDense(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let units = try reader.integer("units")
    let hasBias = try reader.bool("use_bias", default: true)
    guard units > 0 else { throw reader.failure("units", "a positive number", "\(units)") }
    // Dense works along the last axis: on the channels of a map it is a 1 x 1 convolution.
    let isImage = value.order == DataFormat.channelsLast.order
    if value.order.count > 2, !isImage {
      value = try arranged(value, Array(value.order.indices), reader)
      return try addProduct(value, units, hasBias: hasBias, &reader)
    }
    let extents = extents(value.id)
    var expected: [(name: String, shape: TensorShape)] = [("kernel", [extents[1], units])]
    if hasBias { expected.append(("bias", [units])) }
    let tensors = try weights(reader, expected)
    var inputs: [ValueID?] = [value.id]
    let kernel = try rearranged(tensors[0], value, reader).transposed([1, 0])
    let name = reader.layer.name
    if isImage {
      let filters = try view(kernel, as: [units, extents[1], 1, 1], strides: kernel.strides + [1, 1])
      inputs.append(try initializer("\(name).kernel", filters))
    } else {
      inputs.append(try initializer("\(name).kernel", kernel))
    }
    if hasBias { inputs.append(try initializer("\(name).bias", tensors[1])) }
    value.id = try node(
      name, isImage ? .conv(Conv(window: Window(1))) : .gemm(Gemm(transB: true)), inputs)
    value.isNonNegative = false
    value.spatial = nil
    return try activatedBehind(value, &reader)
  }

  /// A Dense layer along the last axis of three or more.
  private mutating func addProduct(
    _ input: LayerValue, _ units: Int, hasBias: Bool, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = input
    var expected: [(name: String, shape: TensorShape)] = [
      ("kernel", [extents(value.id)[value.order.count - 1], units])
    ]
    if hasBias { expected.append(("bias", [units])) }
    let tensors = try weights(reader, expected)
    let name = reader.layer.name
    value.id = try node(
      hasBias ? unusedName("\(name)_product") : name, .matMul(MatMul()),
      [value.id, try initializer("\(name).kernel", tensors[0])])
    if hasBias {
      value.id = try node(name, .binary(.add), [value.id, try initializer("\(name).bias", tensors[1])])
    }
    value.isNonNegative = false
    return try activatedBehind(value, &reader)
  }

  /// The rows of a matrix of weights in the order in which the graph has the columns of the layer's input. This is the
  /// one place where weights are copied, because no view has that order.
  private func rearranged(
    _ matrix: Tensor, _ value: LayerValue, _ reader: LayerReader
  ) throws(ScaleNetError) -> Tensor {
    guard let spatial = value.spatial,
      let map = matrix.reshaped([spatial.height, spatial.width, spatial.channels, matrix.shape[1]])
    else { return matrix }
    do throws(ScaleNetError) {
      return Tensor(try map.transposed([2, 0, 1, 3]).floats(), shape: matrix.shape)
    } catch {
      throw .unreadableWeight(path: path, weight: "layer \(reader.layer.name)", error: error)
    }
  }

  /// The elements of a tensor under another shape, with the steps that it takes.
  func view(_ tensor: Tensor, as shape: TensorShape, strides: [Int]) throws(ScaleNetError) -> Tensor {
    do throws(ScaleNetError) {
      let view = try Tensor(
        tensor.storedType, shape, storage: tensor.storage, offset: tensor.offset, strides: strides,
        isLittleEndian: tensor.isLittleEndian)
      return tensor.dataType == tensor.storedType ? view : view.cast(to: tensor.dataType)
    } catch {
      throw .unreadableWeight(path: path, weight: tensor.storage.origin, error: error)
    }
  }
}
