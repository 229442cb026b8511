/// How two networks answer on the same images; `schemas/diff-images.schema.json` describes its JSON.
public struct AgreementReport: Sendable, Codable, Hashable {
  /// One of the two.
  public struct Side: Sendable, Codable, Hashable {
    /// The path of the model.
    public var path: String
    /// The network's name.
    public var architecture: String
    /// How images were brought to the network.
    public var preprocessing: PreprocessingReport

    public init(path: String, architecture: String, preprocessing: PreprocessingReport) {
      self.path = path
      self.architecture = architecture
      self.preprocessing = preprocessing
    }
  }

  /// What both say of one image.
  public struct Entry: Sendable, Codable, Hashable {
    /// Its path.
    public var image: String
    /// Half the sum of the distances of all probabilities, from 0 for the same to 1 for nothing in common.
    public var distance: Double
    /// The largest distance of two outputs, as a part of the right's largest magnitude.
    public var outputError: Double
    /// The left's first answer.
    public var left: ClassScore
    /// The right's first answer.
    public var right: ClassScore

    public init(image: String, distance: Double, outputError: Double, left: ClassScore, right: ClassScore) {
      self.image = image
      self.distance = distance
      self.outputError = outputError
      self.left = left
      self.right = right
    }

    enum CodingKeys: String, CodingKey {
      case image, distance, left, right
      case outputError = "output_error"
    }
  }

  /// The left.
  public var left: Side
  /// The right, which is the reference.
  public var right: Side
  /// Images that both answered.
  public var images: Int
  /// Of them those with the same first answer.
  public var top1: Int
  /// Those with the same five first answers, in any order.
  public var top5: Int
  /// The mean distance of the probabilities.
  public var meanDistance: Double
  /// The images on which the answers part most, the worst first.
  public var worst: [Entry]
  /// Images that could not be read, with what is wrong with them.
  public var unreadable: [EvaluationReport.Unreadable]
  /// What was assumed, one sentence each.
  public var notes: [String]

  public init(
    left: Side, right: Side, images: Int, top1: Int, top5: Int, meanDistance: Double, worst: [Entry],
    unreadable: [EvaluationReport.Unreadable], notes: [String]
  ) {
    self.left = left
    self.right = right
    self.images = images
    self.top1 = top1
    self.top5 = top5
    self.meanDistance = meanDistance
    self.worst = worst
    self.unreadable = unreadable
    self.notes = notes
  }

  enum CodingKeys: String, CodingKey {
    case left, right, images, top1, top5, worst, unreadable, notes
    case meanDistance = "mean_distance"
  }
}
