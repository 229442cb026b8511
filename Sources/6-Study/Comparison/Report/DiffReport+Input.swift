extension DiffReport {
  /// What both sides were given.
  public struct Input: Sendable, Codable, Hashable {
    /// The left's name; of a recording, the right's.
    public var name: String
    /// The right's name; nil for a recording.
    @ExplicitNull public var otherName: String?
    /// As it was computed with, NCHW where it is an image.
    public var shape: [Int]
    /// `seed 0`, or the path of the file that was given.
    public var source: String
    /// What the left's file takes: `NCHW`, `NHWC`, or `any` where it is no image.
    public var layout: String
    /// What the right's file takes.
    public var otherLayout: String

    public init(
      name: String, otherName: String? = nil, shape: [Int], source: String, layout: String,
      otherLayout: String
    ) {
      self.name = name
      self.otherName = otherName
      self.shape = shape
      self.source = source
      self.layout = layout
      self.otherLayout = otherLayout
    }

    enum CodingKeys: String, CodingKey {
      case name, shape, source, layout
      case otherName = "other_name"
      case otherLayout = "other_layout"
    }
  }
}
