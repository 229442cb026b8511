public import Testing

/// The message of the error that `body` throws, after checking that it is one line fit for a terminal. Empty, and an
/// issue is recorded, if nothing is thrown.
public func message(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String {
  do {
    try body()
  } catch {
    let text = String(describing: error)
    #expect(
      text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f },
      "not one line", sourceLocation: sourceLocation)
    #expect(text.utf8.count < 4_000, sourceLocation: sourceLocation)
    return text
  }
  Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  return ""
}
