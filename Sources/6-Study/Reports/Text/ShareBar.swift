/// The shares of a block's scales as a bar of characters: each character is the number of its scale, so that the bar
/// can be read without colour.
struct ShareBar {
  /// By how much the scales pool.
  static let scales = [1, 2, 4, 7]

  private let counts: [Int]

  /// `channels` at scales 1, 2, 4 and 7.
  init(_ channels: [Int]) {
    counts = channels
  }

  /// How many of `width` characters each scale gets: at least one where it has channels, and beyond that what comes
  /// nearest to the shares. Ties go to the earlier scale.
  func cells(_ width: Int) -> [Int] {
    let total = counts.reduce(0.0) { $0 + Double($1) }
    var cells = counts.map { $0 > 0 ? 1 : 0 }
    guard total > 0 else { return cells }
    while cells.reduce(0, +) < width {
      let missing = counts.indices.map { Double(counts[$0]) / total * Double(width) - Double(cells[$0]) }
      var most = 0
      for index in missing.indices where missing[index] > missing[most] { most = index }
      cells[most] += 1
    }
    return cells
  }

  /// `11111222247`.
  func text(_ width: Int) -> String {
    zip(Self.scales, cells(width)).map { String(repeating: String($0), count: $1) }.joined()
  }

  /// The same characters on the colours of the charts, from dark to light.
  static func decorated(_ bar: String, _ style: Style) -> String {
    guard style.isColored else { return bar }
    let colors: [Character: (Int, Int)] = ["1": (231, 17), "2": (231, 25), "4": (16, 179), "7": (16, 230)]
    var result = ""
    var run = ""
    for character in bar + "\0" {
      if let last = run.last, last != character {
        result += colors[last].map { style.colored(run, foreground: $0.0, background: $0.1) } ?? run
        run = ""
      }
      if character != "\0" { run.append(character) }
    }
    return result
  }
}
