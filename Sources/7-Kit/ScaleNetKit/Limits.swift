import FileIO

/// Limits of options, each checked once, where the work is done.
enum Limits {
  static let threads = 1...1024
  static let batch = 1...65_536
  static let batches = 1...10_000
  static let runs = 1...1_000_000
  static let classes = 1...1_000_000
  static let inputSide = 1...65_536

  /// Fails if a number lies outside of its limits.
  static func check(_ value: Int?, _ limits: ClosedRange<Int>, _ option: String) throws(ScaleNetError) {
    guard let value, !limits.contains(value) else { return }
    throw .invalidOption(option, expected: "\(limits.lowerBound) to \(limits.upperBound)", found: "\(value)")
  }
}
