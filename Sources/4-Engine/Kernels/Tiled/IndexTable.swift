/// Indices that inner loops look up, freed with their owner. Written only before they are shared.
@safe final class IndexTable: @unchecked Sendable {
  let elements: UnsafeMutablePointer<Int32>

  /// Every index fits into 32 bits: they are places in a tensor.
  init(count: Int, _ index: (Int) -> Int) {
    unsafe elements = .allocate(capacity: max(count, 1))
    for place in 0..<count { unsafe elements[place] = Int32(index(place)) }
  }

  deinit { unsafe elements.deallocate() }
}
