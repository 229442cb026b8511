internal import ModelIR

/// Where the elements along an axis of a Pad come from; -1 for what is added.
struct PaddedAxis {
  let indices: [Int]

  init(_ pad: Pad, axis: Int, extent: Int) {
    let (before, after) = (pad.pads[axis], pad.pads[axis + pad.pads.count / 2])
    // Negative numbers crop before the others add.
    let first = max(0, -before)
    let count = extent - first - max(0, -after)
    indices = (-max(0, before)..<count + max(0, after)).map { place in
      if (0..<count).contains(place) { return first + place }
      switch pad.mode {
      case .constant:
        return -1
      case .edge:
        return first + min(max(place, 0), count - 1)
      case .wrap:
        return first + Self.modulo(place, count)
      case .reflect:
        // There and back again, the ends once.
        let period = max(1, 2 * (count - 1))
        let phase = Self.modulo(place, period)
        return first + min(phase, period - phase) % count
      }
    }
  }

  private static func modulo(_ place: Int, _ period: Int) -> Int {
    let rest = place % period
    return rest < 0 ? rest + period : rest
  }
}
