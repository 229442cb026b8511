/// Height and width of the image that a graph is made for.
public struct InputSize: Hashable, Sendable, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public static let standard = InputSize(height: 224, width: 224)

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Reads `224` or `256x320` (height first).
  public init?(_ text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, (1...2).contains(numbers.count),
      numbers.allSatisfy({ (1...65536).contains($0) })
    else { return nil }
    self.init(height: numbers[0], width: numbers[numbers.count - 1])
  }

  public var description: String { "\(height)x\(width)" }
}
