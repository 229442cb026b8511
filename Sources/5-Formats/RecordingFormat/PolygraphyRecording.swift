public import FileIO
import ModelIR

/// Reads what `polygraphy run` writes with `--save-outputs` and `--save-inputs`.
///
/// Format: `polygraphy/comparator/struct.py` and `polygraphy/json/serde.py`. Outputs are `RunResults`: for each runner
/// a list of iterations, each with named arrays, which are the base64 of a `.npy` file. Inputs are a list of such named
/// arrays.
public enum PolygraphyRecording {
  /// The first runner's outputs, a batch an iteration.
  public static func read(_ file: ByteRegion) throws(ScaleNetError) -> Recording {
    var runners: [(name: String, iterations: [StateDict])] = []
    try document(file) { cursor, bytes throws(ScaleNetError) in
      try results(&cursor, &runners, bytes)
      guard let first = runners.first else { throw cursor.failure("at least one runner", found: "none") }
      guard let iteration = first.iterations.first else {
        throw cursor.failure("at least one iteration of '\(first.name)'", found: "none")
      }
      if iteration.count == 0 { throw cursor.failure("at least one output", found: "none") }
    }
    var notes: [String] = []
    if runners.count > 1 {
      let others = runners.dropFirst().map { $0.name.escapedForMessage }.joined(separator: ", ")
      notes.append(
        "of \(runners.count) runners the first is compared, \(runners[0].name.escapedForMessage); not \(others)"
      )
    }
    if runners[0].iterations.count > 1 {
      notes.append("each of the \(runners[0].iterations.count) recorded iterations is a batch")
    }
    return Recording(batches: runners[0].iterations, notes: notes)
  }

  /// The inputs, a batch an iteration.
  public static func readInputs(_ file: ByteRegion) throws(ScaleNetError) -> Recording {
    var batches: [StateDict] = []
    try document(file) { cursor, bytes throws(ScaleNetError) in
      try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
        cursor.place = "iteration \(index)"
        batches.append(try arrays(&cursor, bytes))
      }
      if batches.isEmpty { throw cursor.failure("at least one iteration", found: "none") }
    }
    return Recording(batches: batches)
  }

  private static func document(
    _ file: ByteRegion, _ body: (inout RecordingCursor, RawSpan) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    try file.withBytes { bytes throws(ScaleNetError) in
      var cursor = RecordingCursor(path: file.origin, end: bytes.byteCount)
      try body(&cursor, bytes)
      try cursor.requireEnd(bytes)
    }
    try file.checkIntact()
  }

  /// `{"lst": [[runner, [iteration, ...]], ...]}`.
  private static func results(
    _ cursor: inout RecordingCursor, _ runners: inout [(name: String, iterations: [StateDict])],
    _ bytes: RawSpan
  ) throws(ScaleNetError) {
    try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
      if PolygraphyMarker.isKey(key) {
        try require("RunResults", key, &cursor, bytes)
        return
      }
      guard key == "lst" else { throw cursor.failure("the key lst", found: "'\(key)'") }
      try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
        cursor.place = "runner \(index)"
        runners.append(try runner(&cursor, bytes))
      }
    }
  }

  private static func runner(
    _ cursor: inout RecordingCursor, _ bytes: RawSpan
  ) throws(ScaleNetError) -> (name: String, iterations: [StateDict]) {
    var name: String?
    var iterations: [StateDict]?
    let place = cursor.place
    try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
      switch index {
      case 0:
        name = try cursor.string(bytes)
      case 1:
        var list: [StateDict] = []
        try cursor.array(bytes) { cursor, index, bytes throws(ScaleNetError) in
          cursor.place = "\(place), iteration \(index)"
          list.append(try iteration(&cursor, bytes))
        }
        iterations = list
      default:
        throw cursor.failure("a name and a list of iterations", bytes)
      }
    }
    guard let name, let iterations else {
      throw cursor.failure("a name and a list of iterations", found: "fewer elements")
    }
    return (name, iterations)
  }

  private static func iteration(_ cursor: inout RecordingCursor, _ bytes: RawSpan) throws(ScaleNetError)
    -> StateDict
  {
    var outputs: StateDict?
    try cursor.object(bytes) { cursor, key, bytes throws(ScaleNetError) in
      switch key {
      case "outputs":
        outputs = try arrays(&cursor, bytes)
      case "runtime", "runner_name":
        try cursor.skipScalar(bytes)
      case _ where PolygraphyMarker.isKey(key):
        try require("IterationResult", key, &cursor, bytes)
      default:
        throw cursor.failure("the keys outputs, runtime and runner_name", found: "'\(key)'")
      }
    }
    guard let outputs else { throw cursor.failure("the key outputs", found: "none") }
    return outputs
  }

  /// Arrays by name.
  private static func arrays(_ cursor: inout RecordingCursor, _ bytes: RawSpan) throws(ScaleNetError)
    -> StateDict
  {
    var result = StateDict()
    let place = cursor.place
    try cursor.object(bytes) { cursor, name, bytes throws(ScaleNetError) in
      cursor.place = "\(place), array '\(name)'"
      // The cursor has seen to it that names differ.
      result.append(name, try PolygraphyArray.read(&cursor, bytes))
    }
    return result
  }

  private static func require(
    _ name: String, _ key: String, _ cursor: inout RecordingCursor, _ bytes: RawSpan
  ) throws(ScaleNetError) {
    let found = try PolygraphyMarker.read(key, &cursor, bytes)
    guard found == name else { throw cursor.failure("an object of class \(name)", found: "'\(found)'") }
  }
}

/// How Polygraphy's JSON names the class of an object.
///
/// Format: `polygraphy/json/serde.py`. Up to 0.34: a key `__polygraphy_encoded_<class>`; since then `polygraphy_class`,
/// whose value is the class.
enum PolygraphyMarker {
  private static let key = "polygraphy_class"
  private static let legacyPrefix = "__polygraphy_encoded_"

  static func isKey(_ key: String) -> Bool { key == Self.key || key.hasPrefix(legacyPrefix) }

  /// Reads the value of such a key, and gives the class.
  static func read(
    _ key: String, _ cursor: inout RecordingCursor, _ bytes: RawSpan
  ) throws(ScaleNetError) -> String {
    let value = try cursor.string(bytes)
    return key == Self.key ? value : String(key.dropFirst(legacyPrefix.count))
  }
}
