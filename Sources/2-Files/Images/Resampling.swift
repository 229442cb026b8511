import FileIO
import Glibc

/// How pixels are computed when an image is resized; names and arithmetic are Pillow's `Image.Resampling`.
public enum Interpolation: String, Sendable, Hashable, CaseIterable {
  /// The pixel at the place; no antialiasing.
  case nearest
  /// The mean of the pixels below the new one.
  case box
  /// A triangle of twice the scale.
  case bilinear
  /// A raised cosine, sharper than bilinear.
  case hamming
  /// Cubic convolution with a = -0.5.
  case bicubic
  /// A windowed sinc of three lobes.
  case lanczos

  /// How far the filter reaches, in pixels of the coarser image.
  var support: Double {
    switch self {
    case .nearest: 0
    case .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The filter's value at a distance from its centre.
  func weight(_ signed: Double) -> Double {
    let distance = abs(signed)
    switch self {
    case .nearest:
      return 0
    case .box:
      // Half open, so that a pixel on the border of two counts once.
      return signed > -0.5 && signed <= 0.5 ? 1 : 0
    case .bilinear:
      return distance < 1 ? 1 - distance : 0
    case .hamming:
      if distance == 0 { return 1 }
      if distance >= 1 { return 0 }
      let angle = distance * Double.pi
      // The window's constants are single precision in Pillow.
      return sin(angle) / angle * (Double(0.54 as Float) + Double(0.46 as Float) * cos(angle))
    case .bicubic:
      // Keys' cubic with a = -0.5.
      let a = -0.5
      if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
      return 0
    case .lanczos:
      return signed >= -3 && signed < 3 ? Self.sinc(signed) * Self.sinc(signed / 3) : 0
    }
  }

  private static func sinc(_ value: Double) -> Double {
    if value == 0 { return 1 }
    let angle = value * Double.pi
    return sin(angle) / angle
  }
}

/// Whether an image is resized along rows or along columns first, which shows in the pixels, because samples are rounded
/// between the two passes. Pillow 13.0 changed it.
public enum ResamplingOrder: String, Sendable, Hashable, CaseIterable {
  /// As Pillow 13.0, whose behaviour this is found from: along columns first if the image gets lower by more than twice
  /// as many pixels as it gets narrower. Where proportions are kept, that is images more than twice as tall as wide.
  case pillow13
  /// As Pillow 12.2 and 12.3: along columns first if an image more than 100 times as tall as wide gets lower. Earlier
  /// ones have no such exception.
  case pillow12

  func goesAlongColumnsFirst(from source: Image.Size, to result: Image.Size) -> Bool {
    switch self {
    case .pillow13: source.height - result.height > 2 * max(source.width - result.width, 0)
    case .pillow12: source.height > source.width * 100 && result.height < source.height
    }
  }
}

/// The weights along one axis, for some of the pixels of the result.
///
/// The algorithm is Pillow's `ImagingResample` for 8 bits: the filter is stretched by the factor of a reduction, weights are
/// normalised in double precision and rounded to fixed point.
struct ResamplingWeights {
  /// The fraction bits of a weight: 32, less 8 of the sample and 2 for sums that leave its range.
  static let precision: Int32 = 32 - 8 - 2

  /// For each pixel the first source pixel and how many there are.
  private(set) var starts: [Int] = []
  private(set) var counts: [Int] = []
  /// The most source pixels of one pixel; the stride of `weights`.
  let stride: Int
  private(set) var weights: [Int32]

  /// - Parameters:
  ///   - source: how many pixels there are, above zero.
  ///   - result: how many there are to be, above zero.
  ///   - range: those that are wanted, within `0..<result`.
  init(source: Int, result: Int, range: Range<Int>, interpolation: Interpolation) {
    // Pillow passes the extent as a float.
    let scale = Double(Float(source)) / Double(result)
    let stretch = max(scale, 1)
    let support = interpolation.support * stretch
    let inverse = 1 / stretch
    stride = Int(support.rounded(.up)) * 2 + 1
    weights = [Int32](repeating: 0, count: range.count * stride)
    starts.reserveCapacity(range.count)
    counts.reserveCapacity(range.count)
    var exact = [Double](repeating: 0, count: stride)
    for (index, pixel) in range.enumerated() {
      let center = (Double(pixel) + 0.5) * scale
      // Past 2^24 pixels a float may lie beyond the last one.
      let start = min(max(Int(center - support + 0.5), 0), source)
      let count = max(min(Int(center + support + 0.5), source) - start, 0)
      var sum = 0.0
      for tap in 0..<count {
        exact[tap] = interpolation.weight((Double(tap + start) - center + 0.5) * inverse)
        sum += exact[tap]
      }
      for tap in 0..<count {
        let weight = (sum != 0 ? exact[tap] / sum : exact[tap]) * Double(1 << Self.precision)
        weights[index * stride + tap] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
      }
      starts.append(start)
      counts.append(count)
    }
  }

  /// The source pixels that any of the weights is for.
  var sources: Range<Int> { starts[0]..<starts[starts.count - 1] + counts[counts.count - 1] }

  /// A sum of weighted samples as a sample. Sums begin with a half, so that they are rounded.
  @inline(__always)
  static func sample(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> precision) }
  static let half: Int32 = 1 << (precision - 1)
}

/// The source pixel of each of some pixels, for `nearest`: the centre of the first is stepped on, as Pillow does, so
/// that rounding errors add up in the same way.
func nearestSources(source: Int, result: Int, range: Range<Int>) -> [Int] {
  let scale = Double(Float(source)) / Double(result)
  var position = scale * 0.5
  var indices: [Int] = []
  indices.reserveCapacity(range.count)
  for pixel in 0..<range.upperBound {
    if pixel >= range.lowerBound { indices.append(min(Int(position), source - 1)) }
    position += scale
  }
  return indices
}
