/// Positions that are taken along an axis: `start`, `start + step` and so on.
struct AxisPick: Equatable {
  let start: Int
  /// At least 1.
  let step: Int
  let count: Int

  /// The last position.
  var last: Int { start + (count - 1) * step }
}
