import FileIO
import Glibc

// Safe: the bytes are handed to a call of the system that has returned before they are given up.

/// The results of a command on standard output, where a failed write is noticed.
enum StandardOutput {
  enum Failure: Error {
    /// The system did not take the bytes.
    case refused(code: Int32)
    /// It goes to a file that the command has read.
    case isInput(String)

    var reason: String {
      switch self {
      case .refused(let code): FileIO.reason(code)
      case .isInput(let name): "the output is the same file as the input \(name.escapedForMessage)"
      }
    }

    var status: Int32 {
      switch self {
      case .refused: ExitStatus.inputOutput
      case .isInput: ExitStatus.of(.cannotCreate)
      }
    }

    /// Whether nobody reads any more.
    var isClosedPipe: Bool {
      switch self {
      case .refused(let code): code == EPIPE
      case .isInput: false
      }
    }
  }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(1) == 1 }

  /// Writes all of a report; to standard error where one of the outputs of the command is standard output.
  static func write(_ report: String, besides outputs: [String?]) throws(Failure) {
    if outputs.contains("-") { StandardError.write(report) } else { try write(report) }
  }

  /// Writes all of `text`.
  static func write(_ text: String) throws(Failure) {
    if let input = FilesRead.behindStandardOutput { throw .isInput(input) }
    var rest = Array(text.displayedPath.utf8)[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { bytes in
        unsafe Glibc.write(1, bytes.baseAddress!, bytes.count)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw .refused(code: errno)
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
