import Analysis

/// A relative error as a bar of characters: one for each decade above 1e-9, so that what grows is seen at a glance.
enum ErrorBar {
  static let width = 9

  /// `##` for 3e-8; nothing for no error, all of it for 0.1 and more.
  static func text(_ error: Double?) -> String {
    guard let error else { return String(repeating: "#", count: width) }
    var count = 0
    var limit = 1e-9
    while count < width, error >= limit {
      count += 1
      limit *= 10
    }
    return String(repeating: "#", count: error > 0 ? max(count, 1) : 0)
  }
}
