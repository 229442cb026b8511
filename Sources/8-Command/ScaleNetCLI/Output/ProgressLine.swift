import ScaleNetKit

/// One line on a terminal's standard error that says what is being done; nothing elsewhere.
struct ProgressLine: Sendable {
  private let isShown = StandardError.isTerminal

  /// Replaces the line.
  func show(_ text: String) {
    if isShown { StandardError.write("\r\u{1b}[K\(text)…") }
  }

  /// Replaces the line with what is being done.
  func show(_ progress: Progress) { show(progress.phase.rawValue) }

  /// Removes the line.
  func clear() {
    if isShown { StandardError.write("\r\u{1b}[K") }
  }
}
