import FileIO

/// An axis from 0 for counts, with ticks at round numbers of a unit that suits the largest.
struct Axis {
  private static let units = [
    (1.0, ""), (1e3, "thousands"), (1e6, "millions"), (1e9, "billions"), (1e12, "trillions"),
  ]

  private let unit: (size: Double, name: String)
  private let step: Double
  private let count: Int

  /// An axis that holds all of `counts` in about five steps, with a little room behind the largest.
  init(_ counts: [Int]) {
    let largest = Double(counts.max() ?? 0) * 1.04
    let unit = Self.units.last { $0.0 <= largest } ?? Self.units[0]
    self.unit = unit
    let inUnits = largest / unit.0
    guard inUnits > 0 else {
      (step, count) = (1, 1)
      return
    }
    var power = 1.0
    while power * 10 <= inUnits { power *= 10 }
    let step = [0.2, 0.5, 1, 2].map { $0 * power }.first { inUnits / $0 <= 6 } ?? 2 * power
    self.step = step
    count = Int((inUnits / step).rounded(.up))
  }

  /// ` (billions)`, or nothing for plain counts.
  var unitText: String { unit.name.isEmpty ? "" : " (\(unit.name))" }

  /// Where the ticks are, in units; 0 and the end included.
  var ticks: [Double] { (0...count).map { step * Double($0) } }

  /// The number of units at the far end.
  var end: Double { step * Double(count) }

  /// Where a count stands: 0 at the beginning, 1 at the end.
  func share(_ count: Int) -> Double { Double(count) / unit.size / end }

  /// A tick's number.
  static func label(_ tick: Double) -> String {
    let text = tick.fixed(1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
