import CHDF5
public import FileIO
public import ModelIR

// Safe: strings and extents live as long as the calls of the library that they are made for, which copy them.

/// Creates the objects of a file that is being laid out. Paths are absolute; groups on the way are created.
public struct HDF5Builder: ~Copyable {
  private let path: String
  private let file: Handle
  private let linkProperties: Handle
  private let groupProperties: Handle
  private let datasetProperties: Handle
  private var payloads: [HDF5Layout.Payload] = []

  /// What libhdf5 takes for what it keeps of a file until that is closed.
  private static let memory = 16 << 20

  init(path: String, image: SparseImage) throws(ScaleNetError) {
    // Where it gets none, libhdf5 touches what it has freed as it tidies up.
    if let limit = MemoryLimit.ofProcess(), limit.bytes < Self.memory {
      throw .notEnoughMemory(
        path: path, purpose: "laying out the file", needed: Self.memory, limit: limit)
    }
    let access = try Self.properties(scalenet_h5p_file_access(), path)
    try Self.check(
      H5Pset_libver_bounds(access.identifier, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18), path, "choosing a version"
    )
    try ImageDriver.select(access, image: image, path: path)
    let creation = try Self.properties(scalenet_h5p_file_create(), path)
    try Self.check(H5Pset_obj_track_times(creation.identifier, false), path, "leaving out times")
    let links = try Self.properties(scalenet_h5p_link_create(), path)
    try Self.check(H5Pset_create_intermediate_group(links.identifier, 1), path, "setting link properties")
    try Self.check(H5Pset_char_encoding(links.identifier, H5T_CSET_UTF8), path, "setting link properties")
    let groups = try Self.properties(scalenet_h5p_group_create(), path)
    try Self.check(H5Pset_obj_track_times(groups.identifier, false), path, "leaving out times")
    let datasets = try Self.properties(scalenet_h5p_dataset_create(), path)
    try Self.check(H5Pset_obj_track_times(datasets.identifier, false), path, "leaving out times")
    try Self.check(H5Pset_layout(datasets.identifier, H5D_CONTIGUOUS), path, "choosing a layout")
    // Room is set aside at once, and left as it is: the elements are written into it later.
    try Self.check(H5Pset_alloc_time(datasets.identifier, H5D_ALLOC_TIME_EARLY), path, "choosing a layout")
    try Self.check(H5Pset_fill_time(datasets.identifier, H5D_FILL_TIME_NEVER), path, "choosing a layout")
    let file = try Handle(
      .file,
      unsafe H5Fcreate("image", scalenet_h5f_acc_trunc(), creation.identifier, access.identifier),
      path: path, operation: "creating the file")
    self.path = path
    self.file = file
    linkProperties = links
    groupProperties = groups
    datasetProperties = datasets
  }

  /// Creates a group.
  public mutating func createGroup(_ name: String) throws(ScaleNetError) {
    try checkName(name)
    let group = try Handle(
      .group,
      unsafe H5Gcreate2(
        file.identifier, name, linkProperties.identifier, groupProperties.identifier, scalenet_h5p_default()),
      path: path, operation: "creating group \(name)")
    try group.close()
  }

  /// Creates a dataset with the elements of a tensor of type float16, float32 or float64.
  ///
  /// - Parameter shape: the extents, if they are not the tensor's; the order of the elements is the same.
  public mutating func createDataset(
    _ name: String, _ tensor: Tensor, shape: TensorShape? = nil
  ) throws(ScaleNetError) {
    try checkName(name)
    let shape = shape ?? tensor.shape
    precondition(shape.elementCount == tensor.elementCount)
    let type = try elementType(tensor.dataType, object: name)
    let space = try dataspace(shape.dimensions)
    let dataset = try Handle(
      .dataset,
      unsafe H5Dcreate2(
        file.identifier, name, type.identifier, space.identifier, linkProperties.identifier,
        datasetProperties.identifier, scalenet_h5p_default()),
      path: path, operation: "creating dataset \(name)")
    if tensor.elementCount > 0 {
      let address = H5Dget_offset(dataset.identifier)
      guard address != scalenet_haddr_undef(), let offset = Int(exactly: address) else {
        throw .library(path: path, operation: "placing dataset \(name)", stack: Library.errorStack())
      }
      payloads.append(HDF5Layout.Payload(object: name, tensor: tensor, offset: offset))
    }
    try dataset.close()
    try space.close()
    try type.close()
  }

  /// Gives an object an attribute: one string of variable length, as long as it may be.
  public mutating func setAttribute(_ object: String, _ name: String, _ value: String) throws(ScaleNetError) {
    let type = try stringType(size: scalenet_h5t_variable())
    let space = try Handle(.space, H5Screate(H5S_SCALAR), path: path, operation: "creating a dataspace")
    let attribute = try createAttribute(object, name, type, space)
    let status = unsafe value.withCString { text in
      var pointer: UnsafePointer<CChar>? = unsafe text
      return unsafe H5Awrite(attribute.identifier, type.identifier, &pointer)
    }
    try Self.check(status, path, "writing attribute \(name) of \(object)")
    try attribute.close()
    try space.close()
    try type.close()
  }

  /// Gives an object an attribute: a list of strings of one length, padded with zeros. An object's attributes of this
  /// kind hold 64 KiB at most.
  public mutating func setAttribute(_ object: String, _ name: String, _ values: [String])
    throws(ScaleNetError)
  {
    let size = max(values.map(\.utf8.count).max() ?? 1, 1)
    var bytes: [UInt8] = []
    for value in values {
      bytes += value.utf8
      bytes.append(contentsOf: repeatElement(0, count: size - value.utf8.count))
    }
    let type = try stringType(size: size)
    let space = try dataspace([values.count])
    let attribute = try createAttribute(object, name, type, space)
    if !bytes.isEmpty {
      try Self.check(
        unsafe H5Awrite(attribute.identifier, type.identifier, bytes), path,
        "writing attribute \(name) of \(object)")
    }
    try attribute.close()
    try space.close()
    try type.close()
  }

  /// Closes the file, which then is complete but for the elements.
  consuming func finish() throws(ScaleNetError) -> [HDF5Layout.Payload] {
    let payloads = payloads
    try linkProperties.close()
    try groupProperties.close()
    try datasetProperties.close()
    try file.close()
    return payloads
  }

  private func createAttribute(
    _ object: String, _ name: String, _ type: borrowing Handle, _ space: borrowing Handle
  ) throws(ScaleNetError) -> Handle {
    try Handle(
      .attribute,
      unsafe H5Acreate_by_name(
        file.identifier, object, name, type.identifier, space.identifier, scalenet_h5p_default(),
        scalenet_h5p_default(), scalenet_h5p_default()),
      path: path, operation: "creating attribute \(name) of \(object)")
  }

  private func dataspace(_ dimensions: [Int]) throws(ScaleNetError) -> Handle {
    let identifier =
      dimensions.isEmpty
      ? H5Screate(H5S_SCALAR)
      : unsafe H5Screate_simple(Int32(dimensions.count), dimensions.map { hsize_t($0) }, nil)
    return try Handle(.space, identifier, path: path, operation: "creating a dataspace")
  }

  private func stringType(size: Int) throws(ScaleNetError) -> Handle {
    let type = try Handle(
      .type, H5Tcopy(scalenet_h5t_c_s1()), path: path, operation: "creating a string type")
    try Self.check(H5Tset_size(type.identifier, size), path, "creating a string type")
    try Self.check(H5Tset_cset(type.identifier, H5T_CSET_UTF8), path, "creating a string type")
    if size != scalenet_h5t_variable() {
      try Self.check(H5Tset_strpad(type.identifier, H5T_STR_NULLPAD), path, "creating a string type")
    }
    return type
  }

  private func elementType(_ dataType: DataType, object: String) throws(ScaleNetError) -> Handle {
    let operation = "creating a number type"
    switch dataType {
    case .float32:
      return try Handle(.type, H5Tcopy(scalenet_h5t_ieee_f32le()), path: path, operation: operation)
    case .float64:
      return try Handle(.type, H5Tcopy(scalenet_h5t_ieee_f64le()), path: path, operation: operation)
    case .float16:
      // IEEE 754 binary16: sign at bit 15, 5 bits of exponent from bit 10 with bias 15, 10 bits of mantissa.
      let type = try Handle(.type, H5Tcopy(scalenet_h5t_ieee_f32le()), path: path, operation: operation)
      try Self.check(H5Tset_fields(type.identifier, 15, 10, 5, 0, 10), path, operation)
      try Self.check(H5Tset_size(type.identifier, 2), path, operation)
      try Self.check(H5Tset_ebias(type.identifier, 15), path, operation)
      return type
    default:
      throw .unsupported(
        path: path, object: object, expected: "float16, float32 or float64", found: dataType.rawValue)
    }
  }

  /// What C strings and HDF5's paths cannot hold.
  private func checkName(_ name: String) throws(ScaleNetError) {
    if name.utf8.contains(0) {
      throw .invalidName(path: path, object: name, reason: "expected no NUL character")
    }
  }

  private static func properties(_ kind: hid_t, _ path: String) throws(ScaleNetError) -> Handle {
    try Handle(.properties, H5Pcreate(kind), path: path, operation: "creating properties")
  }

  private static func check(_ status: herr_t, _ path: String, _ operation: String) throws(ScaleNetError) {
    guard status >= 0 else {
      throw .library(path: path, operation: operation, stack: Library.errorStack())
    }
  }
}
