import FileIO
import ModelIR

extension GraphAssembler {
  /// Adds the nodes of a layer.
  mutating func add(
    _ layer: LayerConfiguration, _ reader: inout LayerReader
  ) throws(KerasError) -> LayerValue {
    switch layer.layerClass {
    case .input: return try addInputLayer(&reader)
    case .conv2D: return try addConv(&reader)
    case .depthwiseConv2D: return try addDepthwiseConv(&reader)
    case .batchNormalization: return try addBatchNormalization(&reader)
    case .relu: return try addRelu(&reader)
    case .activation:
      let value = try input(reader)
      return try activated(value, name: layer.name, &reader)
    case .softmax: return try addSoftmax(&reader)
    case .zeroPadding2D: return try addZeroPadding(&reader)
    case .maxPooling2D: return try addMaxPooling(&reader)
    case .averagePooling2D: return try addAveragePooling(&reader)
    case .globalAveragePooling2D: return try addGlobalAveragePooling(&reader)
    case .upSampling2D: return try addUpSampling(&reader)
    case .resizing: return try addResizing(&reader)
    case .concatenate: return try addConcatenate(&reader)
    case .add: return try addMerge(&reader, .add(Add()))
    case .multiply: return try addMerge(&reader, .mul(Mul()))
    case .dense: return try addDense(&reader)
    case .flatten: return try addFlatten(&reader)
    case .reshape: return try addReshape(&reader)
    case .permute: return try addPermute(&reader)
    // It does nothing in inference.
    case .dropout: return try padded(reader)
    }
  }

  private mutating func addInputLayer(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    let stated = reader.layer.settings["batch_shape"] ?? reader.layer.settings["batch_input_shape"]
    func invalid() -> KerasError {
      reader.failure(
        "batch_shape", "a batch and positive extents of rank 4 or 2", stated?.kind ?? "nothing")
    }
    guard case .array(let items)? = stated, items.count == 4 || items.count == 2 else { throw invalid() }
    var dimensions: [Dimension] = []
    for (axis, item) in items.enumerated() {
      switch item {
      case .integer(let extent) where (1...1 << 24).contains(extent): dimensions.append(.fixed(extent))
      case .null where axis == 0: dimensions.append(.symbolic("batch"))
      default: throw invalid()
      }
    }
    if items.count == 4, inputFormat == .channelsLast {
      dimensions = [dimensions[0], dimensions[3], dimensions[1], dimensions[2]]
    }
    let id = try addInput(reader.layer.name, TensorType(.float32, dimensions))
    return LayerValue(id: id, arrangement: items.count == 4 ? .image(inputFormat) : .vector(spatial: nil))
  }

  private mutating func addRelu(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    var value = try input(reader)
    let most = try reader.number("max_value")
    let slope = try reader.number("negative_slope", default: 0)
    let threshold = try reader.number("threshold", default: 0)
    guard slope == 0, threshold == 0 else {
      throw reader.failure("negative_slope, threshold", "0", "\(slope ?? 0), \(threshold ?? 0)")
    }
    if let most, most < 0 { throw reader.failure("max_value", "0 or more", "\(most)") }
    let op: Operator = most.map { .clip(Clip(minimum: 0, maximum: Float($0))) } ?? .relu(Relu())
    value.id = try node(reader.layer.name, op, [value.id])
    value.isNonNegative = true
    return value
  }

  /// The value behind the function that the setting `activation` names; `name` is that of its node.
  mutating func activated(
    _ value: LayerValue, name: String, _ reader: inout LayerReader
  ) throws(KerasError) -> LayerValue {
    let function = try reader.word(
      "activation", ["linear", "relu", "relu6", "sigmoid", "softmax"], default: "linear")
    var value = value
    switch function {
    case "relu": value.id = try node(name, .relu(Relu()), [value.id])
    case "relu6": value.id = try node(name, .clip(Clip(minimum: 0, maximum: 6)), [value.id])
    case "sigmoid": value.id = try node(name, .sigmoid(Sigmoid()), [value.id])
    case "softmax":
      // Along the last axis that Keras has.
      value.id = try node(name, .softmax(Softmax(axis: axis(value, rank(value) - 1))), [value.id])
    default: return value
    }
    value.isNonNegative = true
    return value
  }

  /// The same behind a layer with weights, whose name the node before it has.
  mutating func activatedBehind(
    _ value: LayerValue, _ reader: inout LayerReader
  ) throws(KerasError) -> LayerValue {
    guard reader.layer.settings["activation"] != .string("linear") else {
      return try activated(value, name: "", &reader)
    }
    let name = unusedName("\(reader.layer.name)_activation")
    return try activated(value, name: name, &reader)
  }

  private mutating func addSoftmax(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    var value = try input(reader)
    let stated = try reader.axis("axis", rank: rank(value), default: -1)
    let axis = axis(value, stated)
    guard axis > 0 else { throw reader.failure("axis", "an axis behind the batch", "0") }
    value.id = try node(reader.layer.name, .softmax(Softmax(axis: axis)), [value.id])
    value.isNonNegative = true
    return value
  }

  /// The axis of the graph that an axis of Keras is.
  func axis(_ value: LayerValue, _ axis: Int) -> Int {
    guard value.arrangement == .image(.channelsLast) else { return axis }
    return [0, 2, 3, 1][axis]
  }

  func rank(_ value: LayerValue) -> Int { graph[value.id].type.rank }

  private mutating func addBatchNormalization(
    _ reader: inout LayerReader
  ) throws(KerasError) -> LayerValue {
    var value = try input(reader)
    let stated = try reader.axis("axis", rank: rank(value), default: -1)
    guard axis(value, stated) == 1 else { throw reader.failure("axis", "the channels", "axis \(stated)") }
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

  private mutating func addDense(_ reader: inout LayerReader) throws(KerasError) -> LayerValue {
    var value = try input(reader)
    let units = try reader.integer("units")
    let hasBias = try reader.bool("use_bias", default: true)
    let extents = extents(value.id)
    let isImage = rank(value) == 4
    if isImage {
      // Dense works along the last axis: on the mean of a map it is a 1 x 1 convolution.
      guard value.arrangement == .image(.channelsLast) else {
        throw reader.failure("input", "channels last, or a matrix", "channels first")
      }
    }
    guard units > 0 else { throw reader.failure("units", "a positive number", "\(units)") }
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
    if !isImage { value.arrangement = .vector(spatial: nil) }
    return try activatedBehind(value, &reader)
  }

  /// The rows of a matrix of weights in the order in which the graph has the columns of the layer's input. This is the
  /// one place where weights are copied, because no view has that order.
  private func rearranged(
    _ matrix: Tensor, _ value: LayerValue, _ reader: LayerReader
  ) throws(KerasError) -> Tensor {
    guard case .vector(let spatial?) = value.arrangement,
      let map = matrix.reshaped([spatial.height, spatial.width, spatial.channels, matrix.shape[1]])
    else { return matrix }
    do throws(TensorError) {
      return Tensor(try map.transposed([2, 0, 1, 3]).floats(), shape: matrix.shape)
    } catch {
      throw .unreadableWeight(path: path, weight: "layer \(reader.layer.name)", error: error)
    }
  }

  /// The elements of a tensor under another shape, with the steps that it takes.
  func view(_ tensor: Tensor, as shape: TensorShape, strides: [Int]) throws(KerasError) -> Tensor {
    do throws(TensorError) {
      let view = try Tensor(
        tensor.storedType, shape, storage: tensor.storage, offset: tensor.offset, strides: strides,
        isLittleEndian: tensor.isLittleEndian)
      return tensor.dataType == tensor.storedType ? view : view.cast(to: tensor.dataType)
    } catch {
      throw .unreadableWeight(path: path, weight: tensor.storage.origin, error: error)
    }
  }
}
