import FileIO
import ModelIR

/// Elements that are read in blocks.
protocol BlockElements {
  associatedtype Scalar: BinaryFloatingPoint

  var shape: [Int] { get }

  /// `count` elements from row-major element `start` on.
  func elements(from start: Int, count: Int) throws(ScaleNetError) -> [Scalar]

  /// The same elements with the axes in another order.
  func transposed(_ order: [Int]) -> Self
}

extension BlockElements {
  /// Whether all blocks are so; false too where elements can't be read. No block is asked for behind one that is not.
  func allBlocks(_ isSo: ([Scalar]) -> Bool) -> Bool {
    let count = shape.reduce(1, *)
    for start in stride(from: 0, to: count, by: Tensor.blockElements) {
      guard let block = try? elements(from: start, count: min(Tensor.blockElements, count - start)),
        isSo(block)
      else { return false }
    }
    return true
  }
}

/// A parameter's elements in float32.
struct FloatElements: BlockElements {
  let tensor: Tensor

  var shape: [Int] { tensor.shape.dimensions }

  func elements(from start: Int, count: Int) throws(ScaleNetError) -> [Float] {
    try tensor.floats(from: start, count: count)
  }

  func transposed(_ order: [Int]) -> FloatElements { FloatElements(tensor: tensor.transposed(order)) }
}

/// Two parameters of as many elements, which are gone through in blocks and stay where they are: one of them may be most of
/// a network.
struct ElementPair<Elements: BlockElements> {
  typealias Scalar = Elements.Scalar

  let own: Elements
  let other: Elements
  let count: Int

  /// How many elements are looked at first: most of what is asked is settled by them.
  private static var firstBlock: Int { 1 << 10 }

  init(_ own: Elements, _ other: Elements) {
    self.own = own
    self.other = other
    count = own.shape.reduce(1, *)
    precondition(other.shape.reduce(1, *) == count)
  }

  var shape: [Int] { own.shape }

  var reversed: ElementPair { ElementPair(other, own) }

  /// The same elements with the axes of both in another order.
  func transposed(_ order: [Int]) -> ElementPair {
    ElementPair(own.transposed(order), other.transposed(order))
  }

  /// Whether all blocks are so; false too where elements can't be read.
  ///
  /// - Parameters:
  ///   - range: row-major elements; all if nil.
  ///   - isSo: gets the place of the first element, and the elements of both. No block is asked for behind one that is not.
  func allBlocks(
    in range: Range<Int>? = nil, _ isSo: (_ start: Int, _ own: [Scalar], _ other: [Scalar]) -> Bool
  ) -> Bool {
    let range = range ?? 0..<count
    var start = range.lowerBound
    var size = Self.firstBlock
    while start < range.upperBound {
      let part = min(size, range.upperBound - start)
      guard let a = try? own.elements(from: start, count: part),
        let b = try? other.elements(from: start, count: part), isSo(start, a, b)
      else { return false }
      start += part
      size = Tensor.blockElements
    }
    return true
  }

  /// Whether the same holds for each pair of elements.
  func allSatisfy(_ isSo: (_ own: Scalar, _ other: Scalar) -> Bool) -> Bool {
    allBlocks { _, a, b in a.indices.allSatisfy { isSo(a[$0], b[$0]) } }
  }

  /// How far both are apart, the other being the reference.
  func distance(_ tolerance: Tolerance = .exact) throws(ScaleNetError) -> Distance {
    precondition(!tolerance.scaled)
    var result = Distance(tolerance)
    for start in stride(from: 0, to: count, by: Tensor.blockElements) {
      let part = min(Tensor.blockElements, count - start)
      result.add(
        try own.elements(from: start, count: part), try other.elements(from: start, count: part))
    }
    return result
  }

  /// Whether no element is off by more than a part of the other's largest magnitude, which is known.
  func isWithin(_ limit: Double, largest: Double) -> Bool {
    allBlocks { _, a, b in
      let distance = Distance(a, b, .exact)
      return distance.maxAbsoluteError == 0 || distance.maxAbsoluteError <= limit * largest
    }
  }

  /// How many elements are not the same.
  var differingCount: Int {
    var result = 0
    _ = allBlocks { _, a, b in
      for index in a.indices where a[index] != b[index] { result += 1 }
      return true
    }
    return result
  }

  /// How many elements are NaN or infinite on each side.
  var nonfiniteCounts: (own: Int, other: Int) {
    var result = (own: 0, other: 0)
    _ = allBlocks { _, a, b in
      result.own += a.count { !$0.isFinite }
      result.other += b.count { !$0.isFinite }
      return true
    }
    return result
  }

  /// Calls `body` with the places of a block's elements that have the same index along an axis, run by run.
  func forEachRun(
    of count: Int, from start: Int, axis: Int, _ body: (_ index: Int, _ places: Range<Int>) -> Void
  ) {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let extent = shape[axis]
    var place = 0
    while place < count {
      let position = start + place
      let end = min(count, place + inner - position % inner)
      body(position / inner % extent, place..<end)
      place = end
    }
  }
}

extension ElementPair<FloatElements> {
  /// nil unless both are of floating-point numbers and have as many.
  init?(_ own: Tensor, _ other: Tensor) {
    guard own.dataType.isFloatingPoint, other.dataType.isFloatingPoint,
      own.elementCount == other.elementCount
    else { return nil }
    self.init(FloatElements(tensor: own), FloatElements(tensor: other))
  }
}

extension Tensor {
  /// Whether it is of floating-point numbers of which one is not 0.
  var hasNonzero: Bool {
    guard dataType.isFloatingPoint else { return false }
    var isFound = false
    _ = FloatElements(tensor: self).allBlocks { block in
      isFound = block.contains { $0 != 0 }
      return !isFound
    }
    return isFound
  }
}
