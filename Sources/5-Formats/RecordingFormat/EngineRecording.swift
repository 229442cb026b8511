public import FileIO
import JSONText

/// One layer of an engine, as TensorRT's inspector tells of it.
public struct EngineLayer: Sendable, Hashable {
  /// What the profiler calls it too: names of nodes joined by ` + `, and names of TensorRT's own.
  public var name: String
  /// `CaskConvolution`, `Reformat`, `kgen`, ...; nil where the engine was built without `--profilingVerbosity=detailed`.
  public var type: String?
  /// From which nodes the layer was made, as `[ONNX Layer: NAME]`; nil where the file does not say it.
  public var metadata: String?
  /// The kernel that was chosen.
  public var tactic: String?
  /// Element type and order of the first output, in the words of the version of TensorRT.
  public var format: String?
  /// The number of the stream that it runs in, where there are several.
  public var stream: Int?
  /// Names of the tensors that it writes.
  public var outputs: [String] = []

  /// A layer of which nothing but the name is known.
  public init(name: String) { self.name = name }
}

/// How long a layer took.
public struct EngineLayerTime: Sendable, Hashable {
  /// As in `EngineLayer`.
  public var name: String
  /// Mean milliseconds of one run.
  public var averageMs: Double
  /// Median milliseconds of one run; nil in files of versions before 8.5.
  public var medianMs: Double?
}

/// The layers of an engine: what `trtexec --exportLayerInfo=FILE` writes.
///
/// The file is what `IEngineInspector` gives as JSON, which `trtexec` of versions 8.6 to 11 writes as it is
/// (`samples/common/sampleEngines.cpp`): an object with `Layers`, which are names, or objects if the engine was built with
/// `--profilingVerbosity=detailed`, and `Bindings`, names, which is `I/O Tensors`, objects, since version 11.
public struct EngineLayers: Sendable, Hashable {
  /// In the order in which they run.
  public var layers: [EngineLayer] = []
  /// Names of the engine's inputs and outputs.
  public var tensors: [String] = []
  /// What a user should know of the reading, one sentence each.
  public var notes: [String] = []

  /// Keys of the file that tell nothing of its layers.
  private static let otherKeys: Set<String> = ["ProfilingVerbosity", "Engine Metadata"]

  /// Reads what `--exportLayerInfo` wrote.
  ///
  /// - Throws: if it is something else, damaged, or has no layers.
  public init(_ file: ByteRegion) throws(ScaleNetError) {
    var result = EngineLayers()
    var hasLayers = false
    var unknown: [String] = []
    try file.withBytes { bytes throws(ScaleNetError) in
      var cursor = RecordingCursor(path: file.origin, end: bytes.byteCount)
      guard cursor.peek(bytes) == UInt8(ascii: "{") else { throw Self.noLayers(file) }
      try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
        switch key {
        case "Layers":
          hasLayers = true
          try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
            cursor.place = "layer \(index)"
            result.layers.append(try layer(&cursor, bytes))
          }
        case "Bindings", "I/O Tensors":
          try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
            cursor.place = "\(key) \(index)"
            if let name = try tensor(&cursor, bytes).name { result.tensors.append(name) }
          }
        default:
          if !Self.otherKeys.contains(key) { unknown.append(key) }
          try cursor.skipValue(bytes)
        }
      }
      try cursor.requireEnd(bytes)
    }
    try file.checkIntact()
    guard hasLayers else { throw Self.noLayers(file) }
    guard !result.layers.isEmpty else {
      throw ScaleNetError(
        path: file.origin, place: "Layers",
        expected: "the engine's layers, which --profilingVerbosity=detailed shows",
        found: "none")
    }
    if !unknown.isEmpty {
      let keys = unknown.prefix(3).map(\.escapedForMessage).joined(separator: ", ")
      result.notes.append("\(file.origin): keys that are not looked at: \(keys)")
    }
    if result.layers.allSatisfy({ $0.type == nil }) {
      result.notes.append(
        "the layers are names alone; trtexec says more of engines that were built with --profilingVerbosity=detailed"
      )
    }
    self = result
  }

  private init() {}

  private static func noLayers(_ file: ByteRegion) -> ScaleNetError {
    ScaleNetError(
      path: file.origin, expected: "what trtexec --exportLayerInfo writes, an object with Layers",
      found: RecordingKind(file) == nil ? "no JSON object" : "JSON of another kind")
  }
}

/// How long the layers of an engine took: what `trtexec --exportProfile=FILE` writes, an array of `{"count": RUNS}` and
/// an object for each layer.
///
/// Format: TensorRT's `samples/common/sampleReporting.cpp`; `medianMs` since version 8.5.
public struct EngineProfile: Sendable, Hashable {
  /// How many runs the times are means of.
  public var runs = 0
  /// In the order in which they run.
  public var layers: [EngineLayerTime] = []

  /// Reads what `--exportProfile` wrote.
  ///
  /// - Throws: if it is something else, damaged, or has no times.
  public init(_ file: ByteRegion) throws(ScaleNetError) {
    var result = EngineProfile()
    try file.withBytes { bytes throws(ScaleNetError) in
      var cursor = RecordingCursor(path: file.origin, end: bytes.byteCount)
      guard cursor.peek(bytes) == UInt8(ascii: "[") else {
        throw cursor.failure("what trtexec --exportProfile writes, an array", bytes)
      }
      try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
        cursor.place = "element \(index)"
        try result.read(&cursor, isFirst: index == 0, bytes)
      }
      try cursor.requireEnd(bytes)
      if result.layers.isEmpty { throw cursor.failure("times of layers", found: "none") }
    }
    try file.checkIntact()
    self = result
  }

  private init() {}

  private mutating func read(
    _ cursor: inout RecordingCursor, isFirst: Bool, _ bytes: RawSpan
  ) throws(ScaleNetError) {
    var name: String?
    var numbers: [String: Double] = [:]
    let start = cursor.position
    try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
      switch key {
      case "name": name = try cursor.string(bytes)
      case "count", "timeMs", "averageMs", "medianMs", "percentage":
        let place = cursor.position
        let value = try cursor.number(bytes).value
        // The share of no time at all is no number.
        guard key == "percentage" || (value.isFinite && value >= 0) else {
          cursor.position = place
          throw cursor.failure("\(key) of 0 or more", found: "\(value)")
        }
        numbers[key] = value
      default:
        throw cursor.failure(
          "the keys count, name, timeMs, averageMs, medianMs and percentage", found: "'\(key)'")
      }
    }
    func failure(_ expected: String, _ found: String) -> ScaleNetError {
      cursor.position = start
      return cursor.failure(expected, found: found)
    }
    if isFirst {
      guard let count = numbers["count"], name == nil, count >= 1, let runs = Int(exactly: count) else {
        throw failure(
          "the number of runs, {\"count\": N}", numbers["count"].map { "\($0)" } ?? "something else")
      }
      self.runs = runs
      return
    }
    guard let name, numbers["count"] == nil else {
      throw failure("a name and times", "an object without a name")
    }
    guard let average = numbers["averageMs"] ?? numbers["timeMs"].map({ $0 / Double(runs) }) else {
      throw failure("averageMs of '\(name)'", "none")
    }
    layers.append(EngineLayerTime(name: name, averageMs: average, medianMs: numbers["medianMs"]))
  }
}

/// A layer: its name, or an object.
private func layer(_ cursor: inout RecordingCursor, _ bytes: RawSpan) throws(ScaleNetError) -> EngineLayer {
  if cursor.peek(bytes) == UInt8(ascii: "\"") { return EngineLayer(name: try cursor.string(bytes)) }
  var result = EngineLayer(name: "")
  var hasName = false
  let start = cursor.position
  try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
    switch key {
    case "Name":
      result.name = try cursor.string(bytes)
      hasName = true
    case "LayerType": result.type = try cursor.string(bytes)
    case "Metadata": result.metadata = try cursor.string(bytes)
    case "TacticName": result.tactic = try cursor.string(bytes)
    case "StreamId":
      let number = try cursor.number(bytes)
      result.stream = Int(exactly: number.value)
    case "Outputs":
      try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
        let (name, format) = try tensor(&cursor, bytes)
        if let name { result.outputs.append(name) }
        if index == 0 { result.format = format }
      }
    // What a layer has beside that depends on its type: kernel, stride, weights, ...
    default: try cursor.skipValue(bytes)
    }
  }
  guard hasName else {
    cursor.position = start
    throw cursor.failure("a layer with a Name", found: "one without")
  }
  return result
}

/// A tensor: its name, or an object with `Name` and either `Format/Datatype` or, since version 11, both by themselves.
private func tensor(
  _ cursor: inout RecordingCursor, _ bytes: RawSpan
) throws(ScaleNetError) -> (name: String?, format: String?) {
  if cursor.peek(bytes) == UInt8(ascii: "\"") { return (try cursor.string(bytes), nil) }
  var name: String?
  var texts: [String: String] = [:]
  try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
    switch key {
    case "Name": name = try cursor.string(bytes)
    case "Format/Datatype", "Format", "DataType", "Datatype":
      if cursor.peek(bytes) == UInt8(ascii: "\"") {
        texts[key] = try cursor.string(bytes)
      } else {
        try cursor.skipValue(bytes)
      }
    default: try cursor.skipValue(bytes)
    }
  }
  let parts = [texts["DataType"] ?? texts["Datatype"], texts["Format"]].compactMap { $0 }
  return (name, texts["Format/Datatype"] ?? (parts.isEmpty ? nil : parts.joined(separator: " ")))
}

extension RecordingCursor {
  /// Moves behind a value of any kind, which does not matter. Its numbers may be `nan`, and its keys may be doubled.
  fileprivate mutating func skipValue(_ bytes: RawSpan) throws(ScaleNetError) {
    switch peek(bytes) {
    case UInt8(ascii: "{"):
      try open("{", bytes)
      var keys = Set<String>()
      while try key(&keys, bytes) != nil {
        // Not empty, which would stand for the first key, and no key of a layer.
        keys = ["\u{0}"]
        try skipValue(bytes)
      }
    case UInt8(ascii: "["):
      try array(bytes) { cursor, _, bytes throws(ScaleNetError) in try cursor.skipValue(bytes) }
    default: try skipScalar(bytes)
    }
  }
}
