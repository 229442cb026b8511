import FileIO
import ModelIR

/// Makes tensors of `TensorProto`: views of the mapped file wherever the elements lie there as they are.
struct TensorLoader {
  let file: ByteRegion
  let context: ParseContext
  let external: ExternalDataReader

  /// The tensor of a message, under the name that errors use.
  func tensor(_ message: TensorMessage, name: String) throws(ScaleNetError) -> Tensor {
    func failure(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
      .invalidTensor(path: context.path, tensor: name, place: place, expected: expected, found: found)
    }
    if let narrow = NarrowInteger(onnxNumber: message.dataType) {
      return try tensor(message, narrow, name: name)
    }
    guard let dataType = DataType(onnxNumber: message.dataType) else {
      throw failure("data_type", "a type of numbers", DataType.onnxName(message.dataType))
    }
    guard let shape = TensorShape(checking: message.dimensions.map { Int($0) }) else {
      throw failure("dims", "extents that are not negative and a size in range", "\(message.dimensions)")
    }
    let byteCount = shape.elementCount * dataType.byteCount
    if message.isExternal {
      guard message.rawData == nil, message.typedField == nil else {
        throw failure("data_location", "external data only", "elements in the model too")
      }
      let region = try external.region(message.externalData, byteCount: byteCount, tensor: name)
      return try view(dataType, shape, region, name)
    }
    guard message.externalData.isEmpty else {
      throw failure("external_data", "data_location EXTERNAL", "DEFAULT")
    }
    if let range = message.rawData {
      guard message.typedField == nil else {
        throw failure("raw_data", "elements in one field", "\(message.typedField?.rawValue ?? "") too")
      }
      guard range.count == byteCount else {
        throw failure("raw_data", "\(byteCount) bytes for \(dataType.rawValue)\(shape)", "\(range.count)")
      }
      return try view(dataType, shape, file.slice(range), name)
    }
    guard let field = message.typedField else {
      guard byteCount == 0 else { throw failure("elements", "\(shape.elementCount)", "none") }
      return try view(dataType, shape, file.slice(0..<0), name)
    }
    guard field == Self.field(of: dataType) else {
      throw failure("elements", Self.field(of: dataType).rawValue, field.rawValue)
    }
    switch field {
    case .float, .double:
      return try view(dataType, shape, try wideRegion(message, byteCount, name), name)
    case .int32, .int64, .uint64:
      return try view(dataType, shape, try varintRegion(message, dataType, shape.elementCount, name), name)
    }
  }

  /// A tensor of integers that are packed.
  private func tensor(
    _ message: TensorMessage, _ narrow: NarrowInteger, name: String
  ) throws(ScaleNetError) -> Tensor {
    func failure(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
      .invalidTensor(path: context.path, tensor: name, place: place, expected: expected, found: found)
    }
    guard let shape = TensorShape(checking: message.dimensions.map { Int($0) }), shape.elementCount < 1 << 40
    else {
      throw failure("dims", "extents that are not negative and a size in range", "\(message.dimensions)")
    }
    let byteCount = narrow.byteCount(shape.elementCount)
    let packed: ByteRegion
    if message.isExternal {
      packed = try external.region(message.externalData, byteCount: byteCount, tensor: name)
    } else if let range = message.rawData {
      guard range.count == byteCount else {
        throw failure("raw_data", "\(byteCount) bytes", "\(range.count)")
      }
      packed = file.slice(range)
    } else if message.typedField == .int32 {
      packed = try varintRegion(message, .uint8, byteCount, name)
    } else {
      guard byteCount == 0 else { throw failure("elements", "\(shape.elementCount)", "none") }
      packed = file.slice(0..<0)
    }
    try context.allocate(shape.elementCount, tensor: name)
    return try view(
      narrow.dataType, shape,
      .copying(narrow.unpacked(packed.array(), count: shape.elementCount), origin: context.path), name)
  }

  private func view(
    _ dataType: DataType, _ shape: TensorShape, _ region: ByteRegion, _ name: String
  ) throws(ScaleNetError) -> Tensor {
    do throws(ScaleNetError) {
      return try Tensor(dataType, shape, storage: region)
    } catch {
      throw .unreadableTensor(path: context.path, tensor: name, error: error)
    }
  }

  /// The typed field in which the specification puts elements of a type.
  private static func field(of dataType: DataType) -> TensorMessage.TypedField {
    switch dataType {
    case .float32, .complex64: .float
    case .float64, .complex128: .double
    case .int64: .int64
    case .uint32, .uint64: .uint64
    case .float16, .bfloat16, .int8, .int16, .int32, .uint8, .uint16, .bool, .int4, .uint4, .float8E4M3FN,
      .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ:
      .int32
    }
  }

  /// Elements of fixed width. A single packed run is used where it lies.
  private func wideRegion(
    _ message: TensorMessage, _ byteCount: Int, _ name: String
  ) throws(ScaleNetError) -> ByteRegion {
    func failure(_ expected: String, _ found: String) -> ScaleNetError {
      .invalidTensor(
        path: context.path, tensor: name, place: message.typedField?.rawValue ?? "", expected: expected,
        found: found)
    }
    if message.typedRuns.count == 1, case .bytes(let range) = message.typedRuns[0].payload {
      guard range.count == byteCount else { throw failure("\(byteCount) bytes", "\(range.count)") }
      return file.slice(range)
    }
    var found = 0
    for run in message.typedRuns {
      switch (run.payload, message.typedField) {
      case (.bytes(let range), _): found += range.count
      case (.fixed32, .float): found += 4
      case (.fixed64, .double): found += 8
      default: throw failure("elements of fixed width", "another wire type at byte \(run.offset)")
      }
    }
    guard found == byteCount else { throw failure("\(byteCount) bytes", "\(found)") }
    try context.allocate(byteCount, tensor: name)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for run in message.typedRuns {
      switch run.payload {
      case .bytes(let range):
        file.withBytes { source in source.extracting(range).append(to: &bytes) }
      case .fixed32(let value):
        for shift in stride(from: 0 as UInt32, to: 32, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
      case .fixed64(let value):
        for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
      case .varint: break
      }
    }
    return .copying(bytes, origin: context.path)
  }

  /// Elements that stand as varints, decoded to the width of their type.
  private func varintRegion(
    _ message: TensorMessage, _ dataType: DataType, _ elementCount: Int, _ name: String
  ) throws(ScaleNetError) -> ByteRegion {
    let fieldName = message.typedField?.rawValue ?? ""
    func failure(_ expected: String, _ found: String) -> ScaleNetError {
      .invalidTensor(path: context.path, tensor: name, place: fieldName, expected: expected, found: found)
    }
    // Every element takes a byte at least, so that what is allocated is bounded by what the file holds.
    var stored = 0
    for run in message.typedRuns {
      if case .bytes(let range) = run.payload { stored += range.count } else { stored += 1 }
    }
    guard stored >= elementCount else { throw failure("\(elementCount) elements", "at most \(stored)") }
    let width = dataType.byteCount
    try context.allocate(elementCount * width, tensor: name)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elementCount * width)
    var count = 0
    func append(_ value: UInt64) throws(ScaleNetError) {
      count += 1
      guard count <= elementCount else { throw failure("\(elementCount) elements", "more") }
      guard Self.fits(value, dataType) else {
        throw failure("elements of \(dataType.rawValue)", "\(Int64(bitPattern: value))")
      }
      for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))) }
    }
    for run in message.typedRuns {
      switch run.payload {
      case .varint(let value): try append(value)
      case .bytes(let range):
        try file.withBytes { (source) throws(ScaleNetError) in
          var position = range.lowerBound
          while position < range.upperBound {
            guard let value = Wire.varint(in: source, at: &position, end: range.upperBound) else {
              throw failure("varints of at most 10 bytes", "one that does not end")
            }
            try append(value)
          }
        }
      default: throw failure("varints", "another wire type at byte \(run.offset)")
      }
    }
    guard count == elementCount else { throw failure("\(elementCount) elements", "\(count)") }
    return .copying(bytes, origin: context.path)
  }

  /// Whether a varint is a value of a type; negative numbers are sign-extended to 64 bits on the wire.
  private static func fits(_ pattern: UInt64, _ dataType: DataType) -> Bool {
    let value = Int64(bitPattern: pattern)
    return switch dataType {
    case .bool: pattern <= 1
    case .int8: Int8(exactly: value) != nil
    case .uint8: UInt8(exactly: value) != nil
    case .int16: Int16(exactly: value) != nil
    case .uint16, .float16, .bfloat16: UInt16(exactly: value) != nil
    case .int32: Int32(exactly: value) != nil
    case .uint32: UInt32(exactly: pattern) != nil
    default: true
    }
  }
}
