public import FileIO

/// A view of elements somewhere in memory or in a mapped file: nothing is copied until it is read.
///
/// Shape, strides and offset are in elements. What a view yields can differ from what is stored in two ways, both
/// applied while reading: a factor for each index of the first axis (a folded normalisation) and a cast.
public struct Tensor: Sendable {
  /// The element type that the view yields.
  public let dataType: DataType
  /// The extents that the view yields.
  public let shape: TensorShape

  /// The bytes under the view.
  public let storage: ByteRegion
  /// How elements are stored.
  public let storedType: DataType
  /// Whether stored elements are little-endian.
  public let isLittleEndian: Bool
  /// The first element, in stored elements from the beginning of `storage`.
  public let offset: Int
  /// Steps between neighbours along each axis, in stored elements; not negative.
  public let strides: [Int]
  /// Factors along one axis, or nil for none.
  public let channelScale: ChannelScale?

  /// Factors that elements are multiplied with, one for each index of `axis`.
  public struct ChannelScale: Sendable, Hashable {
    /// The axis along which factors differ.
    public let axis: Int
    /// As many as the axis has indices.
    public let factors: [Float]
  }

  /// A view of `storage`. Fails if any element lies outside of it.
  public init(
    _ dataType: DataType, _ shape: TensorShape, storage: ByteRegion, offset: Int = 0, strides: [Int]? = nil,
    isLittleEndian: Bool = true
  ) throws(ScaleNetError) {
    let strides = strides ?? shape.contiguousStrides
    precondition(strides.count == shape.rank)
    let available = storage.count / dataType.byteCount
    func outside() -> ScaleNetError {
      .outsideStorage(
        shape: shape.dimensions, strides: strides, offset: offset, storageElements: available)
    }
    guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else { throw outside() }
    if shape.elementCount > 0 {
      var last = offset
      for (extent, step) in zip(shape.dimensions, strides) {
        let (distance, overflow) = (extent - 1).multipliedReportingOverflow(by: step)
        let (sum, overflow2) = last.addingReportingOverflow(distance)
        if overflow || overflow2 { throw outside() }
        last = sum
      }
      guard last < available else { throw outside() }
    }
    self.init(
      dataType: dataType, shape: shape, storage: storage, storedType: dataType,
      isLittleEndian: isLittleEndian,
      offset: offset, strides: strides, channelScale: nil)
  }

  private init(
    dataType: DataType, shape: TensorShape, storage: ByteRegion, storedType: DataType, isLittleEndian: Bool,
    offset: Int, strides: [Int], channelScale: ChannelScale?
  ) {
    self.dataType = dataType
    self.shape = shape
    self.storage = storage
    self.storedType = storedType
    self.isLittleEndian = isLittleEndian
    self.offset = offset
    self.strides = strides
    self.channelScale = channelScale
  }

  /// A tensor of its own memory, row-major. `elements.count` is the shape's element count.
  public init(_ elements: [Float], shape: TensorShape) {
    self.init(copying: elements, .float32, shape)
  }

  /// A tensor of its own memory, row-major. `elements.count` is the shape's element count.
  public init(_ elements: [Int64], shape: TensorShape) {
    self.init(copying: elements, .int64, shape)
  }

  /// A tensor of its own memory, row-major. `elements.count` is the shape's element count.
  public init(_ elements: [Double], shape: TensorShape) {
    self.init(copying: elements, .float64, shape)
  }

  /// float32 zeros, which all are the same element in memory.
  public static func zeros(shape: TensorShape) -> Tensor {
    Tensor(
      dataType: .float32, shape: shape, storage: .copying([Float(0)]), storedType: .float32,
      isLittleEndian: true, offset: 0, strides: [Int](repeating: 0, count: shape.rank), channelScale: nil)
  }

  private init<Element: BitwiseCopyable>(
    copying elements: [Element], _ dataType: DataType, _ shape: TensorShape
  ) {
    precondition(elements.count == shape.elementCount)
    self.init(
      dataType: dataType, shape: shape, storage: .copying(elements), storedType: dataType,
      isLittleEndian: true,
      offset: 0, strides: shape.contiguousStrides, channelScale: nil)
  }

  /// The number of elements.
  public var elementCount: Int { shape.elementCount }

  /// The number of bytes that the elements take when written without gaps.
  public var byteCount: Int { elementCount * dataType.byteCount }

  /// Whether what is yielded is what is stored, without gaps and in order, so that it can be passed on as bytes.
  public var isContiguous: Bool {
    guard storedType == dataType, isLittleEndian || dataType.byteCount == 1, channelScale == nil else {
      return false
    }
    return hasContiguousLayout
  }

  /// Whether the strides are those of the shape; axes of extent 1 do not matter.
  var hasContiguousLayout: Bool {
    zip(shape.dimensions, zip(strides, shape.contiguousStrides)).allSatisfy { extent, step in
      extent == 1 || step.0 == step.1
    } || elementCount == 0
  }

  /// The same elements, converted to another type when they are read. Only numbers can be cast.
  public func cast(to dataType: DataType) -> Tensor {
    Tensor(
      dataType: dataType, shape: shape, storage: storage, storedType: storedType,
      isLittleEndian: isLittleEndian,
      offset: offset, strides: strides, channelScale: channelScale)
  }

  /// The same numbers in a type that NumPy has: float32 for bfloat16 and the floating-point types of eight bits and
  /// fewer, bytes for the integers of four and two bits. Exact; other types stay as they are.
  public var inNumPyType: Tensor {
    switch dataType {
    case .int4, .int2: stored(as: .int8)
    case .uint4, .uint2: stored(as: .uint8)
    case .bfloat16, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0, .float4E2M1:
      cast(to: .float32)
    case .float16, .float32, .float64, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
      .bool,
      .complex64, .complex128:
      self
    }
  }

  /// The elements of small integers as the bytes that they are stored in.
  private func stored(as type: DataType) -> Tensor {
    Tensor(
      dataType: type, shape: shape, storage: storage, storedType: type, isLittleEndian: isLittleEndian,
      offset: offset, strides: strides, channelScale: channelScale)
  }

  /// The elements rounded to the nearest of a small floating-point type; what is too large becomes its largest.
  package func rounded(to type: DataType, _ format: SmallFloat) throws(ScaleNetError) -> Tensor {
    let patterns = try floats().map { format.pattern($0, saturates: true) }
    return try Tensor(type, shape, storage: .copying(patterns))
  }

  /// The same elements times `factors[i]` for index i of the first axis. Factors that stand already are multiplied.
  public func scaled(byChannel factors: [Float]) -> Tensor {
    precondition(shape.rank > 0 && factors.count == shape[0])
    precondition(channelScale == nil || channelScale?.axis == 0)
    let combined = channelScale.map { zip($0.factors, factors).map { $0 * $1 } } ?? factors
    return Tensor(
      dataType: dataType, shape: shape, storage: storage, storedType: storedType,
      isLittleEndian: isLittleEndian,
      offset: offset, strides: strides, channelScale: ChannelScale(axis: 0, factors: combined))
  }

  /// The same elements with the axes in another order: axis i of the result is axis `order[i]` of this tensor.
  public func transposed(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<shape.rank))
    let scale = channelScale.map { ChannelScale(axis: order.firstIndex(of: $0.axis)!, factors: $0.factors) }
    return Tensor(
      dataType: dataType, shape: TensorShape(order.map { shape[$0] }), storage: storage,
      storedType: storedType,
      isLittleEndian: isLittleEndian, offset: offset, strides: order.map { strides[$0] }, channelScale: scale)
  }

  /// The same elements without the last axes, which have one element each.
  public func droppingLastAxes(_ count: Int) -> Tensor {
    precondition(shape.dimensions.suffix(count).allSatisfy { $0 == 1 } && count <= shape.rank)
    precondition((channelScale?.axis ?? 0) < max(shape.rank - count, 1))
    return Tensor(
      dataType: dataType, shape: TensorShape(Array(shape.dimensions.dropLast(count))), storage: storage,
      storedType: storedType, isLittleEndian: isLittleEndian, offset: offset,
      strides: Array(strides.dropLast(count)),
      channelScale: channelScale)
  }

  /// The same elements behind one more axis, of extent 1.
  var withBatchOfOne: Tensor {
    let scale = channelScale.map { ChannelScale(axis: $0.axis + 1, factors: $0.factors) }
    return Tensor(
      dataType: dataType, shape: TensorShape([1] + shape.dimensions), storage: storage,
      storedType: storedType,
      isLittleEndian: isLittleEndian, offset: offset, strides: [elementCount] + strides, channelScale: scale)
  }

  /// The same elements in another shape, or nil if the counts differ, or the layout has gaps and more than extents of 1
  /// come or go.
  public func reshaped(_ shape: TensorShape) -> Tensor? {
    guard shape.elementCount == elementCount else { return nil }
    var strides = shape.contiguousStrides
    if !hasContiguousLayout {
      let own = self.shape.dimensions.indices.filter { self.shape[$0] != 1 }
      let others = shape.dimensions.indices.filter { shape[$0] != 1 }
      guard own.map({ self.shape[$0] }) == others.map({ shape[$0] }) else { return nil }
      for (axis, other) in zip(own, others) { strides[other] = self.strides[axis] }
    }
    if let channelScale {
      guard channelScale.axis == 0, shape.rank > 0, shape[0] == self.shape[0] else { return nil }
    }
    return Tensor(
      dataType: dataType, shape: shape, storage: storage, storedType: storedType,
      isLittleEndian: isLittleEndian,
      offset: offset, strides: strides, channelScale: channelScale)
  }
}
