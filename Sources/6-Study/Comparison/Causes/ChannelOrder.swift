import ModelIR

/// The order in which slices along an axis of one array appear in another.
enum ChannelOrder {
  /// For each slice of the other parameter the own one that it equals; nil if there is none for some, or the order is the
  /// same.
  ///
  /// - Parameter largest: the largest finite magnitude of the other.
  static func find<Elements: BlockElements>(
    _ pair: ElementPair<Elements>, axis: Int, largest: Double, closeness: Double = 1e-6
  ) -> [Int]? {
    let extent = pair.shape[axis]
    guard extent > 1, pair.own.shape == pair.other.shape else { return nil }
    let limit = Elements.Scalar(closeness * largest)
    func isNear(_ a: Elements.Scalar, _ b: Elements.Scalar) -> Bool {
      // Also an infinity in its place; false for NaN.
      a == b || (a - b).magnitude <= limit
    }
    // A slice that stays is not looked for elsewhere.
    var stays = [Bool](repeating: true, count: extent)
    var staying = extent
    let isWhole = pair.allBlocks { start, a, b in
      pair.forEachRun(of: a.count, from: start, axis: axis) { slice, places in
        if stays[slice], !places.allSatisfy({ isNear(a[$0], b[$0]) }) {
          stays[slice] = false
          staying -= 1
        }
      }
      return staying > 0
    }
    guard isWhole || staying == 0, staying < extent else { return nil }
    var slices = Slices(pair, axis: axis)
    var isTaken = [Bool](repeating: false, count: extent)
    var order: [Int] = []
    for slice in 0..<extent {
      var found: Int?
      if stays[slice], !isTaken[slice] {
        found = slice
      } else {
        found = (0..<extent).first {
          !isTaken[$0] && ($0 == slice ? stays[$0] : slices.areEqual($0, slice, isNear))
        }
      }
      guard let found else { return nil }
      isTaken[found] = true
      order.append(found)
    }
    return order == Array(0..<extent) ? nil : order
  }

  /// The same for arrays in memory.
  static func find<Scalar: BinaryFloatingPoint>(
    _ own: [Scalar], _ other: [Scalar], shape: [Int], axis: Int, closeness: Double = 1e-6
  ) -> [Int]? {
    guard own.count == other.count, own.count == shape.reduce(1, *) else { return nil }
    func elements(_ values: [Scalar]) -> NamedWeight {
      NamedWeight(name: "", tensor: Tensor(values.map { Double($0) }, shape: TensorShape(shape)))
    }
    let largest = Double(other.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0)
    return find(
      ElementPair(elements(own), elements(other)), axis: axis, largest: largest, closeness: closeness)
  }

  /// The array whose slice i is slice `order[i]` of `elements`.
  static func apply<Scalar>(_ order: [Int], to elements: [Scalar], shape: [Int], axis: Int) -> [Scalar] {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var result: [Scalar] = []
    result.reserveCapacity(elements.count)
    for block in 0..<outer {
      for slice in order {
        let start = (block * shape[axis] + slice) * inner
        result += elements[start..<start + inner]
      }
    }
    return result
  }

  /// Slices of both sides, of which the first elements are remembered: most of those that are held against each other
  /// differ there.
  private struct Slices<Elements: BlockElements> {
    /// One side's.
    private struct Side {
      let elements: Elements
      var probes: [Int: [Elements.Scalar]] = [:]

      mutating func probe(_ slice: Int, _ count: Int, _ size: Int) -> [Elements.Scalar]? {
        if let found = probes[slice] { return found }
        let made = try? elements.elements(from: slice * count, count: size)
        probes[slice] = made
        return made
      }
    }

    private static var probe: Int { 16 }
    private var own: Side
    private var other: Side
    private let count: Int

    init(_ pair: ElementPair<Elements>, axis: Int) {
      // With the axis in front a slice is a row.
      let order = [axis] + pair.shape.indices.filter { $0 != axis }
      own = Side(elements: pair.own.transposed(order))
      other = Side(elements: pair.other.transposed(order))
      count = pair.count / pair.shape[axis]
    }

    mutating func areEqual(
      _ a: Int, _ b: Int, _ isNear: (Elements.Scalar, Elements.Scalar) -> Bool
    ) -> Bool {
      let size = min(Self.probe, count)
      guard let first = own.probe(a, count, size), let second = other.probe(b, count, size),
        first.indices.allSatisfy({ isNear(first[$0], second[$0]) })
      else { return false }
      for start in stride(from: size, to: count, by: Tensor.blockElements) {
        let part = min(Tensor.blockElements, count - start)
        guard let x = try? own.elements.elements(from: a * count + start, count: part),
          let y = try? other.elements.elements(from: b * count + start, count: part),
          x.indices.allSatisfy({ isNear(x[$0], y[$0]) })
        else { return false }
      }
      return true
    }
  }
}
