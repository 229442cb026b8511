package import ModelIR

/// By how much elements may differ and still count as the same: |a - b| <= absolute + relative * |b|, as numpy's
/// `allclose` has it. Every tolerance of the library has a name and stands in this file.
public struct Tolerance: Sendable, Codable, Hashable {
  /// One of the names below, or `given`.
  public var name: String
  /// A plain number, or if `scaled` a part of the reference tensor's largest magnitude.
  public var absolute: Double
  /// A part of the reference's element.
  public var relative: Double
  /// Whether `absolute` is a part of the largest magnitude.
  public var scaled: Bool

  public init(name: String, absolute: Double, relative: Double, scaled: Bool = false) {
    self.name = name
    self.absolute = absolute
    self.relative = relative
    self.scaled = scaled
  }

  /// The absolute part in plain numbers, for a reference of this largest magnitude.
  func absolute(largestMagnitude: Double) -> Double { scaled ? absolute * largestMagnitude : absolute }

  /// The name of a tolerance that a user put together.
  public static let givenName = "given"

  /// Whether nothing but the same element will do.
  var isExact: Bool { absolute == 0 && relative == 0 }
}

/// What a user can ask for.
extension Tolerance {
  /// Every element the same.
  public static let exact = Tolerance(name: "exact", absolute: 0, relative: 0)
  /// Two computations in float32 that add in different orders.
  public static let float32 = Tolerance(name: "float32", absolute: 1e-5, relative: 1e-4, scaled: true)
  /// Products of numbers with mantissas of 10 bits, TensorFloat-32, summed in float32: what NVIDIA's libraries compute
  /// float32 models with unless told otherwise.
  public static let tf32 = Tolerance(name: "tf32", absolute: 2e-3, relative: 2e-3, scaled: true)
  /// Weights or activations in float16, against float32.
  public static let float16 = Tolerance(name: "float16", absolute: 1e-2, relative: 1e-2, scaled: true)
  /// Weights and activations in int8, against float32.
  public static let int8 = Tolerance(name: "int8", absolute: 1e-1, relative: 1e-1, scaled: true)

  /// The tolerances that a user can name, narrowest first.
  public static let named = [exact, float32, tf32, float16, int8]
}

/// What a written file must keep to when it is read back and run: the largest error, as a part of the largest magnitude.
extension Tolerance {
  /// A file in float32: sums in another order.
  public static let writtenFloat32 = Tolerance(name: "float32", absolute: 1e-5, relative: 0, scaled: true)
  /// Weights and activations in float16, against float32.
  public static let writtenFloat16 = Tolerance(name: "float16", absolute: 1e-2, relative: 0, scaled: true)
  /// Weights and activations in bfloat16, of whose mantissas 8 bits are left, against float32.
  public static let writtenBFloat16 = Tolerance(name: "bfloat16", absolute: 8e-2, relative: 0, scaled: true)

  /// The one for a half type, or for float32.
  package static func written(_ halfType: DataType?) -> Tolerance {
    switch halfType {
    case .float16: writtenFloat16
    case .bfloat16: writtenBFloat16
    default: writtenFloat32
    }
  }
}

/// What the search for a cause goes by.
extension Tolerance {
  /// Weights that were folded and rounded to float32 on one side, and what networks of them give in Double.
  static let foldedWeights = Tolerance(name: "folded", absolute: 1e-6, relative: 0, scaled: true)
  /// Weights that are the same but for the last digits of float32: one side folded in another order.
  static let roundedWeights = Tolerance(name: "rounded", absolute: 1e-6, relative: 0, scaled: true)
  /// Weights that find each other again: rounded to a half type, they still are near.
  static let likeWeights = Tolerance(name: "like", absolute: 1e-2, relative: 0, scaled: true)
}

extension DataType {
  /// By how much a number of a floating-point type is off at most when it is rounded to it, as a part of itself: half a unit
  /// in its last place.
  var roundingUnit: Double {
    switch self {
    case .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    case .float64: 0x1p-53
    // Of narrower types nothing is rounded to here.
    default: 0x1p-24
    }
  }
}
