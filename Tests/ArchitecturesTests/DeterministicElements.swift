import ModelIR

/// Weights and images that follow from names and indices: the twin of `fixtures/tools/make_baseline_outputs.py`,
/// to the bit.
enum DeterministicElements {
  /// `count` numbers from 0 to 1 (exclusive): FNV-1a of the name, mixed with the index.
  static func elements(_ name: String, _ count: Int) -> [Float] {
    var seed: UInt32 = 2_166_136_261
    for byte in name.utf8 { seed = (seed ^ UInt32(byte)) &* 16_777_619 }
    var values = [Float](repeating: 0, count: count)
    for index in values.indices {
      var mixed = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ seed
      mixed ^= mixed >> 16
      mixed = mixed &* 0x45d9f3b
      mixed ^= mixed >> 16
      values[index] = Float(mixed >> 8) / Float(1 << 24)
    }
    return values
  }

  static func weight(_ name: String, _ shape: TensorShape) -> Tensor {
    if name.hasSuffix("num_batches_tracked") { return Tensor([Int64(1)], shape: []) }
    let unit = elements(name, shape.elementCount)
    if name.hasSuffix("running_var") { return Tensor(unit.map { $0 + 0.5 }, shape: shape) }
    if shape.rank == 1, name.hasSuffix("weight") { return Tensor(unit.map { $0 * 0.5 + 0.25 }, shape: shape) }
    if shape.rank == 1 { return Tensor(unit.map { ($0 - 0.5) * 0.25 }, shape: shape) }
    let inputs = shape.dimensions.dropFirst().reduce(1, *)
    let bound = Float((6 / Double(inputs)).squareRoot())
    return Tensor(unit.map { ($0 - 0.5) * (bound * 2) }, shape: shape)
  }

  static func image(height: Int, width: Int) -> Tensor {
    Tensor(elements("image", 3 * height * width).map { $0 * 4 - 2 }, shape: [1, 3, height, width])
  }
}
