/// One line on a terminal's standard error that says what is being done; nothing elsewhere.
struct Progress {
  private let isShown = StandardError.isTerminal

  /// Replaces the line.
  func show(_ text: String) {
    if isShown { StandardError.write("\r\u{1b}[K\(text)…") }
  }

  /// Removes the line.
  func clear() {
    if isShown { StandardError.write("\r\u{1b}[K") }
  }
}
