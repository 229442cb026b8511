import FileIO
import Glibc

// Safe: the bytes are handed to a call of the system that has returned before they are given up.

/// The results of a command on standard output, where a failed write is noticed.
enum StandardOutput {
  struct Failure: Error {
    let code: Int32
    var reason: String { FileIO.reason(code) }
  }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(1) == 1 }

  /// Writes all of a report; to standard error where one of the outputs of the command is standard output.
  static func write(_ report: String, besides outputs: [String?]) throws(Failure) {
    if outputs.contains("-") { StandardError.write(report) } else { try write(report) }
  }

  /// Writes all of `text`.
  static func write(_ text: String) throws(Failure) {
    var rest = Array(text.displayedPath.utf8)[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { bytes in
        unsafe Glibc.write(1, bytes.baseAddress!, bytes.count)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw Failure(code: errno)
      }
      rest = rest.dropFirst(written)
    }
  }
}

/// Diagnostics on standard error. A failure to write one is not worth another.
enum StandardError {
  /// Whether standard error is a terminal.
  static var isTerminal: Bool { isatty(2) == 1 }

  static func write(_ text: String) {
    let bytes = Array(text.displayedPath.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress!, $0.count) }
  }
}
