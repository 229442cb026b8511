import FileIO
import Glibc
import ScaleNetKit

/// A count on the progress line, with the time that is left.
final class ProgressTimer: Sendable {
  private let line: ProgressLine
  private let what: String
  private let lock = Lock()
  /// Where counting began, which is not at 0 where work is resumed.
  private nonisolated(unsafe) var first: (completed: Int, seconds: Double)?
  private nonisolated(unsafe) var last: (completed: Int, seconds: Double)?

  init(_ line: ProgressLine, _ what: String) {
    self.line = line
    self.what = what
  }

  /// Replaces the line.
  func show(_ progress: Progress) {
    guard progress.phase == .running, let total = progress.total else {
      line.show(progress)
      return
    }
    let seconds = Self.now()
    let (first, isFirst) = lock.withLock {
      let isFirst = unsafe self.first == nil
      if isFirst { unsafe self.first = (progress.completed, seconds) }
      unsafe last = (progress.completed, seconds)
      return unsafe (self.first ?? (0, seconds), isFirst)
    }
    var text = "\(progress.completed) of \(total) \(what)"
    let done = progress.completed - first.completed
    if !isFirst, done > 0 {
      let left = (seconds - first.seconds) / Double(done) * Double(total - progress.completed)
      text += ", \(Self.time(left)) left"
    }
    line.show(text)
  }

  /// How much was done in a second; nil if nothing was.
  var speed: Double? {
    lock.withLock {
      guard let first = unsafe first, let last = unsafe last, last.completed > first.completed else {
        return nil
      }
      return Double(last.completed - first.completed) / max(last.seconds - first.seconds, 1e-9)
    }
  }

  /// `1:02:03`, `2:03`, `3 s`.
  static func time(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded(.up))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole >= 3600 { return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))" }
    return whole >= 60 ? "\(whole / 60):\(two(whole % 60))" : "\(whole) s"
  }

  private static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
