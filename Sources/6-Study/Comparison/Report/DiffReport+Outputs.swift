public import FileIO
public import ModelIR

extension DiffReport {
  /// A pair of outputs.
  public struct Output: Sendable, Codable, Hashable {
    /// The left's name of it.
    public var name: String
    /// The right's name of it.
    public var otherName: String
    /// The left's type of elements, such as `float32`.
    public var type: String
    /// The right's.
    public var otherType: String
    /// The left's.
    public var shape: [Int]
    /// The right's, where the two are not related and nothing was compared.
    @ExplicitNull public var otherShape: [Int]?
    /// Whether every element of every batch is.
    public var isWithinTolerance: Bool
    /// Over all batches.
    public var metrics: TensorMetrics
    /// The absolute tolerance in plain numbers; of several batches the largest.
    public var absoluteTolerance: Double
    /// In which part of the rows both have the same largest element. Only of matrices with more than one column.
    @ExplicitNull public var topOneAgreement: Double?
    /// In which part of the rows the five largest elements are the same set.
    @ExplicitNull public var topFiveAgreement: Double?
    /// What the same graphs give in Double; nil where both sides are recordings or nothing differs.
    @ExplicitNull public var rounding: Rounding?

    public init(
      name: String, otherName: String, type: String = DataType.float32.rawValue,
      otherType: String = DataType.float32.rawValue, shape: [Int], otherShape: [Int]? = nil,
      isWithinTolerance: Bool, metrics: TensorMetrics,
      absoluteTolerance: Double, topOneAgreement: Double? = nil, topFiveAgreement: Double? = nil,
      rounding: Rounding? = nil
    ) {
      self.name = name
      self.otherName = otherName
      self.type = type
      self.otherType = otherType
      self.shape = shape
      self.otherShape = otherShape
      self.isWithinTolerance = isWithinTolerance
      self.metrics = metrics
      self.absoluteTolerance = absoluteTolerance
      self.topOneAgreement = topOneAgreement
      self.topFiveAgreement = topFiveAgreement
      self.rounding = rounding
    }

    enum CodingKeys: String, CodingKey {
      case name, type, shape, metrics, rounding
      case otherType = "other_type"
      case otherName = "other_name"
      case otherShape = "other_shape"
      case isWithinTolerance = "is_within_tolerance"
      case absoluteTolerance = "absolute_tolerance"
      case topOneAgreement = "top1_agreement"
      case topFiveAgreement = "top5_agreement"
    }
  }

  /// Largest absolute errors as parts of the reference's largest magnitude, of the first batch.
  public struct Rounding: Sendable, Codable, Hashable {
    /// The left in float32 against the left in Double, a recording against the other side in Double; nil where it is
    /// infinite.
    @ExplicitNull public var leftError: Double?
    /// The right likewise.
    @ExplicitNull public var rightError: Double?
    /// The left in Double against the right in Double; nil where a side is a recording.
    @ExplicitNull public var doubleError: Double?

    public init(
      leftError: Double? = nil, rightError: Double? = nil, doubleError: Double? = nil
    ) {
      self.leftError = leftError
      self.rightError = rightError
      self.doubleError = doubleError
    }

    enum CodingKeys: String, CodingKey {
      case leftError = "left_error"
      case rightError = "right_error"
      case doubleError = "double_error"
    }
  }
}
