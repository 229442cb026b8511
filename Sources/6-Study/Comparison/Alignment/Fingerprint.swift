import ModelIR

/// What is kept of a value to find it again on the other side: its norm, and its projections on random vectors of
/// signs. The distance of two projections estimates the distance of the values (Johnson and Lindenstrauss 1984).
///
/// Elements are projected as images [N, C, H, W]; a value of rank 4 also as if it were [N, H, W, C], so that the same
/// image has the same projection in either order.
struct Fingerprint {
  var shape: [Int]
  var norm: Double
  private var channelsFirst: SIMD8<Double>
  private var channelsLast: SIMD8<Double>?

  init(_ elements: [Float], shape: [Int], signs: inout SignTable) {
    self.shape = shape
    let images = Self.images(shape)
    var squares = 0.0
    for value in elements { squares += Double(value) * Double(value) }
    norm = squares.squareRoot()
    channelsFirst = .zero
    guard norm.isFinite, norm > 0 else { return }
    signs.extend(to: max(images.channels, images.area, images.count))
    var index = 0
    for image in 0..<images.count {
      for channel in 0..<images.channels {
        var sum = SIMD8<Double>.zero
        for place in 0..<images.area {
          sum += Double(elements[index]) * signs.places[place]
          index += 1
        }
        channelsFirst += sum * signs.channels[channel] * signs.images[image]
      }
    }
    guard shape.count == 4 else { return }
    let area = shape[1] * shape[2]
    signs.extend(to: max(area, shape[3]))
    index = 0
    var total = SIMD8<Double>.zero
    for image in 0..<shape[0] {
      for place in 0..<area {
        var sum = SIMD8<Double>.zero
        for channel in 0..<shape[3] {
          sum += Double(elements[index]) * signs.channels[channel]
          index += 1
        }
        total += sum * signs.places[place] * signs.images[image]
      }
    }
    channelsLast = total
  }

  /// Extents as images; what has fewer axes has 1 for the others.
  private static func images(_ shape: [Int]) -> (count: Int, channels: Int, area: Int) {
    switch shape.count {
    case 0: (1, 1, 1)
    case 1: (1, shape[0], 1)
    default: (shape[0], shape[1], shape[2...].reduce(1, *))
    }
  }

  /// An estimate of |a - b| / |a| under a relation of the shapes; nil if nothing can be said.
  func distance(to other: Fingerprint, _ order: AxisOrder) -> Double? {
    guard norm.isFinite, other.norm.isFinite else { return nil }
    if norm == 0 || other.norm == 0 { return norm == other.norm ? 0 : nil }
    let (own, others): (SIMD8<Double>?, SIMD8<Double>?) =
      switch order {
      case .same, .squeezed: (channelsFirst, other.channelsFirst)
      case .permuted where order.otherLayout == "NHWC": (channelsFirst, other.channelsLast)
      case .permuted: (channelsLast, other.channelsFirst)
      }
    guard let own, let others else { return nil }
    let difference = own - others
    return max(((difference * difference).sum() / 8).squareRoot(), abs(norm - other.norm)) / norm
  }
}

/// Random vectors of signs, the same in every run.
struct SignTable {
  private(set) var images: [SIMD8<Double>] = []
  private(set) var channels: [SIMD8<Double>] = []
  private(set) var places: [SIMD8<Double>] = []
  private var sources = [RandomSource(seed: 1), RandomSource(seed: 2), RandomSource(seed: 3)]

  /// Makes the vectors at least this long.
  mutating func extend(to count: Int) {
    while places.count < count {
      images.append(Self.signs(sources[0].next()))
      channels.append(Self.signs(sources[1].next()))
      places.append(Self.signs(sources[2].next()))
    }
  }

  private static func signs(_ bits: UInt64) -> SIMD8<Double> {
    var result = SIMD8<Double>.zero
    for lane in 0..<8 { result[lane] = (bits >> UInt64(lane)) & 1 == 0 ? 1 : -1 }
    return result
  }
}
