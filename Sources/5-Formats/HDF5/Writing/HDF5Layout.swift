public import FileIO
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

  /// The name that the file will have, for messages.
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
    path: String, _ body: (inout HDF5Builder) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    let image = SparseImage()
    let payloads = try Library.withLock { () throws(ScaleNetError) in
      var builder = try HDF5Builder(path: path, image: image)
      try body(&builder)
      return try builder.finish()
    }
    self.path = path
    self.image = image
    self.payloads = payloads.sorted { $0.offset < $1.offset }
    byteCount = image.allocatedEnd
  }

  /// Passes the bytes of the file in order, in pieces. Elements are read from their tensors as they are needed; those
  /// that must be transposed are, on another thread, while what stands before them is passed.
  public func stream(to body: (RawSpan) throws(ScaleNetError) -> Void) throws(ScaleNetError) {
    let pieces = pieces()
    var pending: BackgroundTask<Result<Void, ScaleNetError>>?
    // One is passed on while the other is filled.
    var (current, next) = (ChunkBuffer(), ChunkBuffer())
    for (index, piece) in pieces.enumerated() {
      switch piece {
      case .structures(let range):
        try streamStructures(range, to: body)
      case .plain(let payload):
        do throws(ScaleNetError) {
          try payload.tensor.streamBytes(to: body)
        } catch {
          throw .tensor(path: path, object: payload.object, error: error)
        }
      case .transposed(let payload, let transposition, let chunk):
        let task = pending ?? Self.nextTask(pieces[index...], next)
        if case .failure(let error)? = task?.value() {
          throw .tensor(path: path, object: payload.object, error: error)
        }
        (current, next) = (next, current)
        pending = Self.nextTask(pieces[(index + 1)...], next)
        try current.pass(transposition.byteCount(chunk), to: body)
      }
    }
  }

  /// A part of the file in the order of its bytes.
  private enum Piece {
    case structures(Range<Int>)
    case plain(Payload)
    case transposed(Payload, BlockedTransposition, rows: Range<Int>)
  }

  private func pieces() -> [Piece] {
    var pieces: [Piece] = []
    var position = 0
    for payload in payloads {
      pieces.append(.structures(position..<payload.offset))
      if !payload.tensor.isContiguous, let transposition = BlockedTransposition(payload.tensor) {
        pieces += transposition.chunks.map { .transposed(payload, transposition, rows: $0) }
      } else {
        pieces.append(.plain(payload))
      }
      position = payload.offset + payload.tensor.byteCount
    }
    pieces.append(.structures(position..<byteCount))
    return pieces
  }

  /// Begins to fill a buffer for the first piece that is transposed.
  private static func nextTask(
    _ pieces: ArraySlice<Piece>, _ buffer: ChunkBuffer
  ) -> BackgroundTask<Result<Void, ScaleNetError>>? {
    for piece in pieces {
      if case .transposed(_, let transposition, let chunk) = piece {
        return BackgroundTask { transposition.fill(buffer, rows: chunk) }
      }
    }
    return nil
  }

  private func streamStructures(
    _ range: Range<Int>, to body: (RawSpan) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(start + 1 << 16, range.upperBound)
      let bytes = image.bytes(start..<end)
      try bytes.withBytes(body)
      start = end
    }
  }
}
