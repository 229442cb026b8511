import ModelIR

/// A complete HDF5 file without the elements of its datasets: libhdf5's structures, and where each dataset's elements
/// belong. Nothing of the file system is touched yet, so every error of the library comes before the first byte.
///
/// The same calls give the same bytes: there are no time stamps, and the versions of all structures are fixed.
public struct HDF5Layout {
  /// One dataset's elements in the file.
  struct Payload {
    let object: String
    let tensor: Tensor
    let offset: Int
  }

  public let path: String
  /// The size of the file.
  public let byteCount: Int
  private let image: SparseImage
  /// By ascending offset.
  private let payloads: [Payload]

  /// Lays a file out.
  ///
  /// - Parameters:
  ///   - path: the file's name, for messages.
  ///   - body: creates the objects.
  public init(
    path: String, _ body: (inout HDF5Builder) throws(HDF5Error) -> Void
  ) throws(HDF5Error) {
    let image = SparseImage()
    let payloads = try Library.withLock { () throws(HDF5Error) in
      var builder = try HDF5Builder(path: path, image: image)
      try body(&builder)
      return try builder.finish()
    }
    self.path = path
    self.image = image
    self.payloads = payloads.sorted { $0.offset < $1.offset }
    byteCount = image.allocatedEnd
  }

  /// Passes the bytes of the file in order, in pieces. Elements are read from their tensors as they are needed.
  public func stream<Failure: Error>(
    wrap: (HDF5Error) -> Failure, to body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    var position = 0
    for payload in payloads {
      try streamStructures(position..<payload.offset, to: body)
      try payload.tensor.streamBlocked(
        wrap: { wrap(.tensor(path: path, object: payload.object, error: $0)) }, to: body)
      position = payload.offset + payload.tensor.byteCount
    }
    try streamStructures(position..<byteCount, to: body)
  }

  private func streamStructures<Failure: Error>(
    _ range: Range<Int>, to body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + 1 << 16, range.upperBound)
      let bytes = image.bytes(start..<end)
      unsafe try body(bytes.span.bytes)
      start = end
    }
  }
}
