import FileIO
import JSONText
import ModelIR

extension GraphAssembler {
  /// Adds the nodes of a layer.
  mutating func add(
    _ layer: LayerConfiguration, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    switch layer.layerClass {
    case .input: return try addInputLayer(&reader)
    case .conv2D: return try addConv(&reader)
    case .conv2DTranspose: return try addConvTranspose(&reader)
    case .depthwiseConv2D: return try addDepthwiseConv(&reader)
    case .separableConv2D: return try addSeparableConv(&reader)
    case .batchNormalization: return try addBatchNormalization(&reader)
    case .layerNormalization: return try addLayerNormalization(&reader)
    case .groupNormalization: return try addGroupNormalization(&reader)
    case .unitNormalization: return try addUnitNormalization(&reader)
    case .normalization: return try addNormalization(&reader)
    case .rescaling: return try addRescaling(&reader)
    case .layerScale: return try addLayerScale(&reader)
    case .customScale: return try addCustomScale(&reader)
    case .relu: return try addRelu(&reader)
    case .leakyRelu: return try addLeakyRelu(&reader)
    case .thresholdedRelu: return try addThresholdedRelu(&reader)
    case .pRelu: return try addPRelu(&reader)
    case .elu: return try addElu(&reader)
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
    case .maximum: return try addMerge(&reader, .variadic(.max))
    case .minimum: return try addMerge(&reader, .variadic(.min))
    case .average: return try addAverage(&reader)
    case .dot: return try addDot(&reader)
    case .merge: return try addLegacyMerge(&reader)
    case .dense: return try addDense(&reader)
    case .flatten: return try addFlatten(&reader)
    case .reshape: return try addReshape(&reader)
    case .permute: return try addPermute(&reader)
    case .repeatVector: return try addRepeatVector(&reader)
    case .centerCrop: return try addCenterCrop(&reader)
    case .rmsNormalization: return try addRMSNormalization(&reader)
    case .conv1D, .conv1DTranspose, .depthwiseConv1D, .separableConv1D, .maxPooling1D, .averagePooling1D,
      .globalAveragePooling1D, .globalMaxPooling1D, .zeroPadding1D, .cropping1D, .upSampling1D:
      return try addPlanar(&reader)
    case .conv3D: return try addVolumeConv(&reader)
    case .conv3DTranspose: return try addVolumeConvTranspose(&reader)
    case .maxPooling3D: return try addVolumePool(&reader) { .maxPool(MaxPool(window: $0)) }
    case .averagePooling3D: return try addVolumePool(&reader) { .averagePool(AveragePool(window: $0)) }
    case .globalAveragePooling3D: return try addVolumeMean(.mean, &reader)
    case .globalMaxPooling3D: return try addVolumeMean(.max, &reader)
    case .zeroPadding3D: return try addVolumePadding(&reader)
    case .cropping3D: return try addVolumeCropping(&reader)
    case .upSampling3D: return try addVolumeUpSampling(&reader)
    case .einsumDense: return try addEinsumDense(&reader)
    case .multiHeadAttention: return try addMultiHeadAttention(&reader)
    case .attention: return try addAttention(&reader)
    case .additiveAttention: return try addAdditiveAttention(&reader)
    case .simpleRNN, .gru, .lstm: return try addRecurrent(&reader)
    case .bidirectional: return try addBidirectional(&reader)
    case .timeDistributed: return try addTimeDistributed(&reader)
    case .embedding: return try addEmbedding(&reader)
    case .operation:
      guard let operation = layer.operation else {
        throw reader.failure("class_name", "an operation", "none")
      }
      return try addOperation(operation, &reader)
    // They do nothing in inference.
    case .identity, .dropout, .spatialDropout1D, .spatialDropout2D, .spatialDropout3D, .alphaDropout,
      .gaussianNoise, .gaussianDropout, .activityRegularization, .augmentation, .stochasticDepth:
      _ = reader.value("data_format")
      return try padded(reader)
    }
  }

  /// An input of the graph. What is no float32 there is cast at once, as the layers that take integers do, and layers of
  /// half precision take what is float32.
  private mutating func addInputLayer(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    // The input of a model within the model is what that is called on.
    if !reader.layer.inputs.isEmpty { return try padded(reader) }
    let name = reader.layer.name
    let stated = (reader.layer.settings["batch_shape"] ?? reader.layer.settings["batch_input_shape"])?
      .unwrapped
    guard case .array(let items)? = stated, (2...8).contains(items.count) else {
      throw reader.failure("batch_shape", "a batch and positive extents", stated?.kind ?? "nothing")
    }
    let order = standardOrder(items.count)
    let shape = (options.shapes[name] ?? options.onlyShape).map { asImage($0, items, order) }
    var dimensions: [Dimension] = []
    for (position, item) in items.enumerated() {
      let axis = order[position]
      switch item {
      case .integer(let extent) where (1...1 << 24).contains(extent): dimensions.append(.fixed(extent))
      case .null where position == 0: dimensions.append(.symbolic("batch"))
      case .null:
        if let shape, shape.count == items.count, (1...1 << 24).contains(shape[axis]) {
          dimensions.append(.fixed(shape[axis]))
        } else if let size = options.imageSize, items.count == 4, axis >= 2 {
          dimensions.append(.fixed(axis == 2 ? size.height : size.width))
        } else {
          let error = reader.failure("batch_shape", "known extents behind the batch", items.shapeText)
          throw items.count == 4 && axis >= 2 ? error.advising(.setInputSize(example: "224")) : error
        }
      default:
        throw reader.failure("batch_shape", "a batch and positive extents", item.kind)
      }
    }
    var arranged = dimensions
    for (position, axis) in order.enumerated() { arranged[axis] = dimensions[position] }
    let dataType = try inputType(reader)
    var id = try addInput(name, TensorType(dataType, arranged))
    if dataType != .float32 {
      id = try node(unusedName("\(name)_cast"), .cast(Cast(to: .float32)), [id])
    }
    return LayerValue(id: id, order: order)
  }

  /// The extents of an array as the graph has them: those of an image may stand as Keras has them.
  private func asImage(_ shape: [Int], _ stated: [JSON], _ order: [Int]) -> [Int] {
    guard shape.count == 4, stated.count == 4, let position = order.firstIndex(of: 1),
      case .integer(let channels) = stated[position], shape[1] != channels, shape[position] == channels
    else { return shape }
    var image = shape
    for (position, axis) in order.enumerated() { image[axis] = shape[position] }
    return image
  }

  /// The element type of an input.
  private func inputType(_ reader: LayerReader) throws(ScaleNetError) -> DataType {
    guard let stated = reader.layer.settings["dtype"], stated != .null else { return .float32 }
    let types: [DataType] = [
      .float32, .float64, .float16, .bfloat16, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64,
      .int64,
    ]
    guard case .string(let text) = stated["config"]?["name"] ?? stated,
      let type = types.first(where: { $0.rawValue == text })
    else { throw reader.failure("dtype", "a type of numbers", stated.kind) }
    return type
  }
  private mutating func addSoftmax(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var value = try rawInput(reader)
    let stated = try reader.axes("axis", rank: value.order.count, default: -1)
    guard stated.count > 1 else {
      value.id = try node(reader.layer.name, .softmax(Softmax(axis: value.order[stated[0]])), [value.id])
      value.isNonNegative = true
      return value
    }
    // Over several axes in its parts.
    value = try settled(value, reader)
    let name = reader.layer.name
    let axes = stated.map { value.order[$0] }.sorted()
    let most = try node(unusedName("\(name)_max"), .reduce(Reduce(.max, axes: axes)), [value.id])
    let less = try node(unusedName("\(name)_less"), .binary(.sub), [value.id, most])
    let powers = try node(unusedName("\(name)_exp"), .unary(.exp), [less])
    let sum = try node(unusedName("\(name)_sum"), .reduce(Reduce(.sum, axes: axes)), [powers])
    value.id = try node(name, .binary(.div), [powers, sum])
    value.isNonNegative = true
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
  func rearranged(
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

extension [JSON] {
  /// Extents as Keras writes them.
  fileprivate var shapeText: String {
    "[" + map { if case .integer(let extent) = $0 { "\(extent)" } else { "null" } }.joined(separator: ", ")
      + "]"
  }
}
