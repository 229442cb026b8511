public import FileIO
public import ModelIR

/// An array of numbers in a file.
public struct HDF5Dataset {
  let file: HDF5File
  /// The path of the dataset, from the root.
  public let name: String
  /// The extents as the dataspace has them.
  public let shape: TensorShape
  let type: Datatype
  let header: ObjectHeader

  init(_ file: HDF5File, name: String, header: ObjectHeader) throws(ScaleNetError) {
    self.file = file
    self.name = name
    self.header = header
    guard var spaceCursor = try header.cursor(.dataspace), var typeCursor = try header.cursor(.datatype)
    else {
      throw .wrongKind(path: file.path, object: name, expected: "a dataset", found: "another object")
    }
    if header.messages.contains(where: { $0.kind == .externalFiles }) {
      throw .refused(path: file.path, object: name, found: "external storage")
    }
    shape = try Dataspace(&spaceCursor).shape
    type = try Datatype(&typeCursor)
  }

  /// The elements: a view of the file where they lie in one piece, memory where they are in chunks.
  ///
  /// - Parameters:
  ///   - budget: how many bytes chunks may be put together to; what they take is taken off.
  ///   - opaque: what bytes without a meaning are, if there are as many as an element of that type has; nil refuses
  ///     such.
  public func tensor(budget: inout Int, opaque: DataType? = nil) throws(ScaleNetError) -> Tensor {
    let dataType: DataType
    let isLittleEndian: Bool
    switch type {
    case .number(let type, let isLittle): (dataType, isLittleEndian) = (type, isLittle)
    case .opaque(let size) where size == opaque?.byteCount:
      (dataType, isLittleEndian) = (opaque ?? .uint8, true)
    default:
      throw .unsupported(path: file.path, object: name, expected: "numbers", found: type.description)
    }
    let byteCount = shape.elementCount * dataType.byteCount
    let storage = try storage(byteCount: byteCount, elementSize: dataType.byteCount, budget: &budget)
    do throws(ScaleNetError) {
      return try Tensor(dataType, shape, storage: storage, isLittleEndian: isLittleEndian)
    } catch {
      throw .tensor(path: file.path, object: name, error: error)
    }
  }

  /// Section IV.A.2.i: where the bytes are.
  private func storage(
    byteCount: Int, elementSize: Int, budget: inout Int
  ) throws(ScaleNetError) -> ByteRegion {
    guard var cursor = try header.cursor(.layout) else {
      throw .malformed(
        path: file.path, structure: "dataset \(name)", offset: 0, expected: "a layout", found: "none")
    }
    let version = try cursor.byte()
    guard (3...4).contains(version) else {
      throw .unsupported(
        path: file.path, object: name, expected: "version 3 or 4 of a layout", found: "version \(version)")
    }
    switch try cursor.byte() {
    case 0:
      let count = try cursor.short()
      let start = cursor.position
      try cursor.skip(count)
      guard count >= byteCount else { throw cursor.failure("\(byteCount) bytes", count) }
      return file.region.slice(start..<start + byteCount)
    case 1:
      try refuseFilters()
      let address = try cursor.address()
      let count = try cursor.length()
      if byteCount == 0 { return file.region.slice(0..<0) }
      guard let address else { throw cursor.failure("elements", "none that were written") }
      guard count == byteCount else { throw cursor.failure("\(byteCount) bytes for \(shape)", count) }
      _ = try Cursor(file, "elements of \(name)", at: address, count: count)
      return file.region.slice(address..<address + count)
    case 2 where version == 3:
      let assembler = try ChunkAssembler(self, elementSize: elementSize, layout: &cursor)
      return try assembler.assemble(byteCount: byteCount, budget: &budget)
    case 2:
      throw .unsupported(
        path: file.path, object: name, expected: "chunks in a B-tree of version 1", found: "a newer index")
    case 3:
      throw .refused(path: file.path, object: name, found: "a virtual dataset")
    case let kind:
      throw cursor.failure("layout class 0 to 3", kind)
    }
  }

  private func refuseFilters() throws(ScaleNetError) {
    if header.messages.contains(where: { $0.kind == .filterPipeline }) {
      throw .unsupported(
        path: file.path, object: name, expected: "filters on chunks only", found: "some on another layout")
    }
  }
}
