/// An axis from 0 whose ticks are at round numbers.
struct Axis {
  /// Distance of the ticks: 1, 2 or 5 times a power of ten.
  let step: Double
  /// How many steps the axis has.
  let count: Int

  /// An axis that holds `largest` in about five steps.
  init(largest: Double) {
    guard largest > 0, largest.isFinite else {
      (step, count) = (1, 1)
      return
    }
    var power = 1.0
    while power * 10 <= largest { power *= 10 }
    while power > largest { power /= 10 }
    let step = [0.1, 0.2, 0.5, 1, 2].map { $0 * power }.first { largest / $0 <= 6 } ?? power
    self.step = step
    count = Int((largest / step).rounded(.up))
  }

  /// The number at the far end.
  var end: Double { step * Double(count) }

  /// Where the ticks are, 0 and the end included.
  var ticks: [Double] { (0...count).map { step * Double($0) } }
}
