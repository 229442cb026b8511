import FileIO
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
    var projecting = Projecting(shape: shape, signs: &signs)
    projecting.add(elements, signs)
    self.init(projecting)
  }

  init(_ projecting: Projecting) {
    shape = projecting.shape
    norm = projecting.squares.squareRoot()
    channelsFirst = .zero
    guard norm.isFinite, norm > 0 else { return }
    channelsFirst = projecting.channelsFirst.total
    channelsLast = projecting.channelsLast?.total
  }

  /// What is known of a value whose elements arrive in blocks.
  struct Projecting {
    let shape: [Int]
    fileprivate var squares = 0.0
    fileprivate var channelsFirst: Projection
    fileprivate var channelsLast: Projection?

    init(shape: [Int], signs: inout SignTable) {
      self.shape = shape
      let images = Fingerprint.images(shape)
      signs.extend(to: max(images.channels, images.area, images.count))
      channelsFirst = Projection(rows: images.channels, columns: images.area)
      if shape.count == 4 {
        signs.extend(to: max(shape[1] * shape[2], shape[3]))
        channelsLast = Projection(rows: shape[1] * shape[2], columns: shape[3])
      }
    }

    mutating func add(_ elements: [Float], _ signs: SignTable) {
      for value in elements { squares += Double(value) * Double(value) }
      channelsFirst.add(elements, rows: signs.channels, columns: signs.places, images: signs.images)
      channelsLast?.add(elements, rows: signs.places, columns: signs.channels, images: signs.images)
    }
  }

  /// The projection of images [N, rows, columns], as far as their elements have arrived.
  fileprivate struct Projection {
    let rows: Int
    let columns: Int
    private(set) var total = SIMD8<Double>.zero
    private var sum = SIMD8<Double>.zero
    private var image = 0
    private var row = 0
    private var column = 0

    init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
    }

    mutating func add(
      _ elements: [Float], rows rowSigns: SignTable.Signs, columns columnSigns: SignTable.Signs,
      images: SignTable.Signs
    ) {
      let vectors = SignTable.vectors
      var index = 0
      while index < elements.count {
        let end = min(columns, column + elements.count - index)
        for column in column..<end {
          sum += Double(elements[index]) * vectors[Int(columnSigns[column])]
          index += 1
        }
        column = end
        guard column == columns else { return }
        total += sum * vectors[Int(rowSigns[row])] * vectors[Int(images[image])]
        (sum, column, row) = (.zero, 0, row + 1)
        if row == rows { (row, image) = (0, image + 1) }
      }
    }
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

/// Random vectors of eight signs, the same in every run.
struct SignTable {
  /// A bit for each sign, a byte for each vector: maps of large images have hundreds of thousands of places.
  typealias Signs = [UInt8]

  private(set) var images: Signs = []
  private(set) var channels: Signs = []
  private(set) var places: Signs = []
  private var sources = [RandomSource(seed: 1), RandomSource(seed: 2), RandomSource(seed: 3)]

  /// The vector of each byte.
  static let vectors = (0..<256).map { bits in
    var result = SIMD8<Double>.zero
    for lane in 0..<8 { result[lane] = (bits >> lane) & 1 == 0 ? 1 : -1 }
    return result
  }

  /// Makes the vectors at least this long.
  mutating func extend(to count: Int) {
    while places.count < count {
      images.append(UInt8(truncatingIfNeeded: sources[0].next()))
      channels.append(UInt8(truncatingIfNeeded: sources[1].next()))
      places.append(UInt8(truncatingIfNeeded: sources[2].next()))
    }
  }
}
