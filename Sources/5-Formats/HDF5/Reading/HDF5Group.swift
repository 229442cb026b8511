public import FileIO

/// A group of a file: names that lead to other objects.
public struct HDF5Group {
  let file: HDF5File
  /// The path of the group, from the root.
  public let name: String
  let header: ObjectHeader
  /// Where the objects are that the links lead to.
  private let links: [String: Int]
  /// The names of the group's objects, in the order of the file.
  public let members: [String]

  init(_ file: HDF5File, name: String, header: ObjectHeader) throws(ScaleNetError) {
    self.file = file
    self.name = name
    self.header = header
    guard header.messages.contains(where: { $0.kind == .symbolTable || $0.kind == .linkInfo }) else {
      throw .wrongKind(path: file.path, object: name, expected: "a group", found: "another object")
    }
    var reader = LinkReader(file, group: name)
    try reader.read(header)
    var links: [String: Int] = [:]
    for link in reader.links where links.updateValue(link.address, forKey: link.name) != nil {
      throw .malformed(
        path: file.path, structure: "group \(name)", offset: link.address, expected: "names that differ",
        found: "\(link.name) twice")
    }
    self.links = links
    members = reader.links.map(\.name)
  }

  /// Whether something has that name in this group itself.
  public func contains(_ member: String) -> Bool { links[member] != nil }

  /// Whether the object of that name is a group; another is a dataset.
  public func isGroup(_ member: String) throws(ScaleNetError) -> Bool {
    let (address, name) = try address(member)
    let header = try ObjectHeader(file, at: address, name: name)
    return header.messages.contains { $0.kind == .symbolTable || $0.kind == .linkInfo }
  }

  /// The group at a path relative to this one.
  public func group(_ path: String) throws(ScaleNetError) -> HDF5Group {
    var group = self
    for component in path.split(separator: "/") { group = try group.child(String(component)) }
    return group
  }

  /// The dataset at a path relative to this group.
  public func dataset(_ path: String) throws(ScaleNetError) -> HDF5Dataset {
    let components = path.split(separator: "/").map(String.init)
    guard let last = components.last else {
      throw .wrongKind(path: file.path, object: name, expected: "a dataset", found: "a group")
    }
    var group = self
    for component in components.dropLast() { group = try group.child(component) }
    let (address, name) = try group.address(last)
    return try HDF5Dataset(file, name: name, header: try ObjectHeader(file, at: address, name: name))
  }

  /// The attributes of the group.
  public func attributes() throws(ScaleNetError) -> [HDF5Attribute] {
    try HDF5Attribute.all(of: header)
  }

  private func child(_ member: String) throws(ScaleNetError) -> HDF5Group {
    let (address, name) = try address(member)
    return try HDF5Group(file, name: name, header: try ObjectHeader(file, at: address, name: name))
  }

  private func address(_ member: String) throws(ScaleNetError) -> (Int, String) {
    let path = name == "/" ? "/\(member)" : "\(name)/\(member)"
    guard let address = links[member] else { throw .notFound(path: file.path, object: path) }
    return (address, path)
  }
}
