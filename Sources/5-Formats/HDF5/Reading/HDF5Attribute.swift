public import FileIO
import ModelIR

/// A small named value of an object. Only strings are read; others have a name.
public struct HDF5Attribute {
  /// The attribute's name as the object header has it.
  public let name: String
  private let object: ObjectHeader
  private let type: Datatype
  private let count: Int
  private let data: Range<Int>

  /// The attributes of an object, in the order of the file.
  static func all(of header: ObjectHeader) throws(ScaleNetError) -> [HDF5Attribute] {
    var attributes: [HDF5Attribute] = []
    for message in header.messages {
      switch message.kind {
      case .attribute:
        var cursor = try header.cursor(message)
        attributes.append(try HDF5Attribute(&cursor, of: header))
      case .attributeInfo:
        var cursor = try header.cursor(message)
        attributes += try stored(&cursor, of: header)
      default:
        continue
      }
    }
    guard Set(attributes.map(\.name)).count == attributes.count else {
      throw .malformed(
        path: header.file.path, structure: "attributes of \(header.name)", offset: 0,
        expected: "names that differ", found: "one twice")
    }
    return attributes
  }

  /// Section IV.A.2.v: attributes in a heap, if there are more than fit the header.
  private static func stored(
    _ cursor: inout Cursor, of header: ObjectHeader
  ) throws(ScaleNetError) -> [HDF5Attribute] {
    try cursor.version(0...0)
    let flags = try cursor.byte()
    if flags & 1 != 0 { try cursor.skip(2) }
    guard let heapAddress = try cursor.address() else { return [] }
    let tree = try cursor.requiredAddress()
    let heap = try FractalHeap(header.file, at: heapAddress, owner: header.name)
    // Type 8 is indexed by name: the heap's identifier of 8 bytes, flags, order of creation, hash.
    let records = try RecordTree(header.file, at: tree, owner: header.name, type: 8, recordSize: 17).records()
    var attributes: [HDF5Attribute] = []
    for record in records {
      guard record[8] & 2 == 0 else {
        throw .unsupported(
          path: header.file.path, object: header.name, expected: "attributes of its own",
          found: "a shared one")
      }
      let range = try heap.object(Array(record.prefix(8)))
      var message = try Cursor(
        header.file, "attribute of \(header.name)", at: range.lowerBound, count: range.count)
      attributes.append(try HDF5Attribute(&message, of: header))
    }
    return attributes
  }

  /// Section IV.A.2.m.
  private init(_ cursor: inout Cursor, of object: ObjectHeader) throws(ScaleNetError) {
    self.object = object
    let version = try cursor.version(1...3)
    let flags = try cursor.byte()
    let nameCount = try cursor.short()
    let typeCount = try cursor.short()
    let spaceCount = try cursor.short()
    if version == 3 { try cursor.skip(1) }
    // Version 1 pads each part to 8 bytes.
    func padded(_ count: Int) -> Int { version == 1 ? (count + 7) / 8 * 8 : count }
    var text = try cursor.bytes(padded(nameCount)).prefix(nameCount)
    while text.last == 0 { text.removeLast() }
    name = try cursor.utf8(Array(text))
    let title = "attribute \(name) of \(object.name)"
    guard version == 1 || flags & 3 == 0 else {
      throw .unsupported(
        path: object.file.path, object: title, expected: "a type of its own", found: "a shared one")
    }
    var typeCursor = try Cursor(object.file, title, at: cursor.position, count: typeCount)
    type = try Datatype(&typeCursor)
    try cursor.skip(padded(typeCount))
    var spaceCursor = try Cursor(object.file, title, at: cursor.position, count: spaceCount)
    count = try Dataspace(&spaceCursor).shape.elementCount
    try cursor.skip(padded(spaceCount))
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, byteCount <= cursor.remaining else {
      throw cursor.failure("\(count) elements of \(type.size) bytes", "\(cursor.remaining) bytes")
    }
    data = cursor.position..<cursor.position + byteCount
  }

  /// The values, row-major. A list without elements may be of any type.
  public func strings() throws(ScaleNetError) -> [String] {
    if count == 0 { return [] }
    let title = "attribute \(name) of \(object.name)"
    var cursor = try Cursor(object.file, title, at: data.lowerBound, count: data.count)
    var values: [String] = []
    switch type {
    case .fixedString(let size, let isSpacePadded):
      for _ in 0..<count {
        let bytes = try cursor.bytes(size)
        var text = bytes.prefix { $0 != 0 }
        if isSpacePadded { while text.last == 0x20 { text.removeLast() } }
        values.append(try cursor.utf8(Array(text)))
      }
    case .variableString:
      let heap = GlobalHeap(object.file, owner: object.name)
      for _ in 0..<count { values.append(try heap.string(&cursor)) }
    case .number, .opaque, .other:
      throw .wrongKind(
        path: object.file.path, object: title, expected: "strings", found: type.description)
    }
    return values
  }

  /// The only value.
  public func string() throws(ScaleNetError) -> String {
    let values = try strings()
    guard values.count == 1 else {
      throw .wrongKind(
        path: object.file.path, object: "attribute \(name) of \(object.name)", expected: "one string",
        found: "\(values.count)")
    }
    return values[0]
  }
}
