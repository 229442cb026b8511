package import FileIO

/// Why a graph can't be run, or a run failed.
extension ScaleNetError {
  /// An operator, or a use of one, that the executor does not compute.
  static func unsupported(
    node: String, op: String, place: String, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(place: place, expected: expected, found: found)
      .within("node \(node.escapedForMessage) (\(op)) can't be run")
  }

  /// A weight can't be read.
  package static func unreadableInitializer(name: String, error: ScaleNetError) -> ScaleNetError {
    error.within("initializer \(name.escapedForMessage)")
  }

  /// The plan needs more memory than allowed.
  static func tooLarge(what: String, bytes: Int?, limit: Int) -> ScaleNetError {
    // What other threads have given back since the limit was asked for is not counted on.
    if let bytes, bytes <= 16 << 30, let least = MemoryLimit.ofProcess(),
      least.bytes < bytes + (64 << 20)
    {
      return .notEnoughMemory(
        path: nil, purpose: "the plan, up to \(what.escapedForMessage),", needed: bytes,
        limit: least.atMost(limit))
    }
    return ScaleNetError(
      reason:
        "\(what.escapedForMessage) needs \(bytes.map { "\($0)" } ?? "more than 2^63") bytes, expected at most \(limit)"
    )
  }

  /// An input of the graph was not given.
  static func missingInput(name: String, expected: String) -> ScaleNetError {
    ScaleNetError(place: "input \(name.escapedForMessage)", expected: expected, found: "nothing")
  }

  /// Something was given that the graph has no input for.
  static func unexpectedInput(name: String, expected: [String]) -> ScaleNetError {
    ScaleNetError(
      place: "input \(name.escapedForMessage)",
      reason:
        "the graph has no such input, expected \(expected.map(\.escapedForMessage).joined(separator: ", "))"
    )
  }

  /// An input has another type or shape than the graph's.
  static func wrongInput(name: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(place: "input \(name.escapedForMessage)", expected: expected, found: found)
  }

  /// The elements of an input can't be read.
  package static func unreadableInput(name: String, error: ScaleNetError) -> ScaleNetError {
    error.within("input \(name.escapedForMessage)")
  }
}
