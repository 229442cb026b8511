import Glibc

/// A relative error as a bar of characters: one for each decade above 1e-9, so that what grows is seen at a glance.
enum ErrorBar {
  static let width = 9

  /// `##` for 3e-8; nothing for no error, all of it for 0.1 and more.
  static func text(_ error: Double?) -> String {
    guard let error, error.isFinite else { return String(repeating: "#", count: width) }
    guard error > 0 else { return "" }
    let decades = log10(error).rounded(.down) + Double(width + 1)
    return String(repeating: "#", count: Int(min(max(decades, 1), Double(width))))
  }
}
