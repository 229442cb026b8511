public import FileIO
public import ModelIR

/// Named arrays that another program computed, or computed with, one set a batch.
public struct Recording: Sendable {
  /// The arrays of each batch, by the names of outputs or inputs.
  public var batches: [StateDict]
  /// What a user should know of the reading, one sentence each.
  public var notes: [String]
  /// The most significant digits that a number in it has, where that is fewer than float32 needs; nil where elements are
  /// as they were computed.
  public var digits: Int?

  public init(batches: [StateDict], notes: [String] = [], digits: Int? = nil) {
    self.batches = batches
    self.notes = notes
    self.digits = digits
  }
}

/// What a JSON file holds, told from its first keys.
public enum RecordingKind: Sendable, Hashable {
  /// `trtexec --exportOutput`.
  case trtexec
  /// `polygraphy run --save-outputs`.
  case polygraphy
  /// `polygraphy run --save-inputs`.
  case polygraphyInputs
  /// The rows of a ScaleNet's structure.
  case structure
  /// Some other object or array.
  case otherJSON

  /// The kind of a file; nil if its first character that is no space does not open an object or array, or what stands
  /// behind it is not JSON.
  public init?(_ file: ByteRegion) {
    let kind: RecordingKind? = file.withBytes { bytes in
      var cursor = RecordingCursor(path: file.origin, end: bytes.byteCount)
      do throws(ScaleNetError) { return try Self.kind(&cursor, bytes) } catch { return nil }
    }
    guard let kind else { return nil }
    self = kind
  }

  /// A few words for messages.
  public var displayName: String {
    switch self {
    case .trtexec: "outputs recorded by trtexec"
    case .polygraphy: "outputs recorded by Polygraphy"
    case .polygraphyInputs: "inputs recorded by Polygraphy"
    case .structure: "a structure file, which has channels but no weights"
    case .otherJSON: "JSON of another kind"
    }
  }

  private static func kind(_ cursor: inout RecordingCursor, _ bytes: RawSpan) throws(ScaleNetError)
    -> RecordingKind?
  {
    switch cursor.peek(bytes) {
    case UInt8(ascii: "{"):
      try cursor.open("{", bytes)
      var keys = Set<String>()
      guard let key = try cursor.key(&keys, bytes) else { return .otherJSON }
      let isResults = key == "lst" || PolygraphyMarker.isKey(key)
      return isResults ? .polygraphy : .otherJSON
    case UInt8(ascii: "["):
      try cursor.open("[", bytes)
      return try firstElement(&cursor, bytes)
    default:
      return nil
    }
  }

  /// The kind of an array by its first element.
  private static func firstElement(
    _ cursor: inout RecordingCursor, _ bytes: RawSpan
  ) throws(ScaleNetError) -> RecordingKind? {
    switch cursor.peek(bytes) {
    case UInt8(ascii: "["):
      return .structure
    case UInt8(ascii: "{"):
      try cursor.open("{", bytes)
      guard cursor.peek(bytes) == UInt8(ascii: "\"") else { return .otherJSON }
      var keys = Set<String>()
      guard let key = try cursor.key(&keys, bytes) else { return .otherJSON }
      let value = cursor.peek(bytes)
      if value == UInt8(ascii: "\""), ["name", "dimensions"].contains(key) { return .trtexec }
      if value == UInt8(ascii: "["), key == "values" { return .trtexec }
      return value == UInt8(ascii: "{") ? .polygraphyInputs : .otherJSON
    case nil:
      return nil
    default:
      return .otherJSON
    }
  }
}
