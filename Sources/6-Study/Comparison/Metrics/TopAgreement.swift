/// Whether both sides rank the classes alike. Of equal elements the one with the lower index is the greater, so that
/// ties are decided alike everywhere.
struct TopAgreement {
  private var rows = 0
  private var sameFirst = 0
  private var sameFive = 0

  /// Adds matrices of `columns` columns.
  mutating func add(_ left: [Float], _ right: [Float], columns: Int) {
    for start in stride(from: 0, to: left.count, by: columns) {
      let a = Self.largest(left[start..<start + columns])
      let b = Self.largest(right[start..<start + columns])
      rows += 1
      if a.first == b.first { sameFirst += 1 }
      if Set(a) == Set(b) { sameFive += 1 }
    }
  }

  /// The indices of the five largest elements, largest first.
  private static func largest(_ row: ArraySlice<Float>) -> [Int] {
    var best: [(value: Float, index: Int)] = []
    for (index, value) in row.enumerated() {
      let value = value.isNaN ? -Float.infinity : value
      guard best.count < 5 || value > best[4].value else { continue }
      let place = best.firstIndex { value > $0.value } ?? best.count
      best.insert((value, index), at: place)
      if best.count > 5 { best.removeLast() }
    }
    return best.map(\.index)
  }

  /// In which part of the rows the largest elements agree; nil without rows.
  var first: Double? { rows > 0 ? Double(sameFirst) / Double(rows) : nil }
  /// In which part of the rows the five largest are the same set.
  var five: Double? { rows > 0 ? Double(sameFive) / Double(rows) : nil }
}
