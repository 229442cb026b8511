import FileIO
import ScaleNetKit

/// A count on the progress line, with the time that is left.
final class ProgressTimer: Sendable {
  private let line: ProgressLine
  private let what: String
  private typealias Point = (completed: Int, time: ContinuousClock.Instant)
  /// Where counting began, which is not at 0 where work is resumed, and where it is.
  private let points = Locked<(first: Point, last: Point)?>(nil)

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
    let now: Point = (progress.completed, ContinuousClock.now)
    let (first, isFirst) = points.withLock { points in
      let first = points?.first
      points = (first ?? now, now)
      return (first ?? now, first == nil)
    }
    var text = "\(progress.completed) of \(total) \(what)"
    let done = progress.completed - first.completed
    if !isFirst, done > 0 {
      let left =
        (now.time - first.time) / Duration.seconds(1) / Double(done) * Double(total - progress.completed)
      text += ", \(Self.time(left)) left"
    }
    line.show(text)
  }

  /// How much was done in a second; nil if nothing was.
  var speed: Double? {
    points.withLock { points in
      guard let (first, last) = points, last.completed > first.completed else {
        return nil
      }
      return Double(last.completed - first.completed) / max((last.time - first.time) / .seconds(1), 1e-9)
    }
  }

  /// `1:02:03`, `2:03`, `3 s`.
  static func time(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded(.up))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole >= 3600 { return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))" }
    return whole >= 60 ? "\(whole / 60):\(two(whole % 60))" : "\(whole) s"
  }
}
