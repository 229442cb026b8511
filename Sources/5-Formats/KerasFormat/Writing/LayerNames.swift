import ModelIR

/// Gives layers names that every version of Keras takes: letters, digits and underscores, not an underscore first.
struct LayerNames {
  private var taken = UniqueNames()
  /// Longer names are cut; HDF5's attributes are small.
  private static let mostBytes = 200

  /// `layer1.0.conv2.1` becomes `layer1_0_conv2_1`; a number is added if that is taken.
  mutating func name(_ source: String) -> String {
    let plain = String(
      source.unicodeScalars.prefix(Self.mostBytes).map { scalar -> Character in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": Character(scalar)
        default: "_"
        }
      })
    let trimmed = String(plain.drop { $0 == "_" })
    let base = trimmed.isEmpty ? "layer" : trimmed
    return taken.new(base)
  }
}
