/// How well a network tells the images of a set apart; `schemas/eval.schema.json` describes its JSON.
///
/// Everything is counted in whole images, so that the reports of shards add up to that of the whole set exactly. A report
/// that is not finished holds what was counted so far; its evaluation can be resumed.
public struct EvaluationReport: Sendable, Codable, Hashable {
  /// The images and what they show.
  public struct Dataset: Sendable, Codable, Hashable {
    /// The last component of the folder's path.
    public var name: String
    /// Where the truth comes from, such as `folders` or the name of a file.
    public var groundTruth: String
    /// Images of the whole set, over all shards.
    public var images: Int
    /// SHA-256 of the images' names and classes: shards of different sets do not add up.
    public var digest: String

    public init(name: String, groundTruth: String, images: Int, digest: String) {
      self.name = name
      self.groundTruth = groundTruth
      self.images = images
      self.digest = digest
    }

    enum CodingKeys: String, CodingKey {
      case name, images
      case groundTruth = "ground_truth"
      case digest = "sha256"
    }
  }

  /// A part of the set: every `count`th image from the `index`th on.
  public struct Shard: Sendable, Codable, Hashable {
    /// From 1 on.
    public var index: Int
    /// How many shards the set is cut into.
    public var count: Int

    public init(index: Int, count: Int) {
      self.index = index
      self.count = count
    }
  }

  /// What was counted of the images of one class.
  public struct ClassCount: Sendable, Codable, Hashable {
    /// The position in the network's output.
    public var index: Int
    /// The class's name, or its folder's; nil where it has none.
    public var label: String?
    /// Images that were read.
    public var images: Int
    /// Of them those whose first answer was right.
    public var top1: Int
    /// Of them those with the right answer among the first five.
    public var top5: Int

    public init(index: Int, label: String?, images: Int = 0, top1: Int = 0, top5: Int = 0) {
      self.index = index
      self.label = label
      self.images = images
      self.top1 = top1
      self.top5 = top5
    }
  }

  /// How often one class was taken for another.
  public struct Confusion: Sendable, Codable, Hashable {
    /// What the images show.
    public var truth: Int
    /// What the network said.
    public var predicted: Int
    /// How many images that is.
    public var images: Int

    public init(truth: Int, predicted: Int, images: Int) {
      self.truth = truth
      self.predicted = predicted
      self.images = images
    }
  }

  /// An image that could not be read.
  public struct Unreadable: Sendable, Codable, Hashable {
    /// Its path within the set.
    public var image: String
    /// What is wrong with it.
    public var reason: String

    public init(image: String, reason: String) {
      self.image = image
      self.reason = reason
    }
  }

  /// What marks the JSON as a report of this kind.
  public static let formatName = "scalenet eval 1"

  /// `formatName`.
  public var format: String
  /// The last component of the model's path.
  public var model: String
  /// SHA-256 of the model's file; nil for a built-in architecture.
  public var modelDigest: String?
  /// SHA-256 of the network as it was run, with all that its nodes are told and all of its constants, wherever they are
  /// stored; nil in reports that know none, which are of no other evaluation.
  public var networkDigest: String?
  /// The network's name.
  public var architecture: String
  /// Learnable parameters.
  public var parameters: Int
  /// How many classes the network tells apart.
  public var classCount: Int
  /// The images.
  public var dataset: Dataset
  /// How images were brought to the network.
  public var preprocessing: PreprocessingReport
  /// Which part of the set this is; nil for all of it.
  public var shard: Shard?
  /// Images of the set or its shard that are done with, in their order.
  public var processed: Int
  /// Images of the set or its shard.
  public var total: Int
  /// Images that were read and that have a class.
  public var images: Int
  /// Images whose ground truth names no class, which count for nothing.
  public var withoutClass: Int
  /// Images for which the network gave what is not a number, which count as wrong.
  public var notFinite: Int
  /// How many of `images` have the right first answer.
  public var top1: Int
  /// How many have it among the first five.
  public var top5: Int
  /// One for each class of the network that has images, in the order of the classes.
  public var classes: [ClassCount]
  /// Every pair that was confused, the most frequent first, then by truth and answer.
  public var confusions: [Confusion]
  /// In the order of the set.
  public var unreadable: [Unreadable]

  enum CodingKeys: String, CodingKey {
    case format, model, architecture, parameters, dataset, preprocessing, shard, processed, total, images,
      top1
    case top5, classes, confusions, unreadable
    case modelDigest = "model_sha256"
    case networkDigest = "network_sha256"
    case classCount = "class_count"
    case withoutClass = "without_class"
    case notFinite = "not_finite"
  }

  public init(
    model: String, modelDigest: String?, networkDigest: String?, architecture: String, parameters: Int,
    classCount: Int,
    dataset: Dataset, preprocessing: PreprocessingReport, shard: Shard?, total: Int
  ) {
    format = Self.formatName
    self.model = model
    self.modelDigest = modelDigest
    self.networkDigest = networkDigest
    self.architecture = architecture
    self.parameters = parameters
    self.classCount = classCount
    self.dataset = dataset
    self.preprocessing = preprocessing
    self.shard = shard
    self.total = total
    (processed, images, withoutClass, notFinite, top1, top5) = (0, 0, 0, 0, 0, 0)
    (classes, confusions, unreadable) = ([], [], [])
  }

  /// Whether all of the set or its shard was counted.
  public var isFinished: Bool { processed == total }

  /// A count as a part of the images that were read, from 0 to 100; nil without any.
  public func percentage(_ count: Int) -> Double? {
    images > 0 ? Double(count) / Double(images) * 100 : nil
  }

  /// Whether both are of the same model on the same images, prepared in the same way, whatever their shards.
  public func isComparable(with other: EvaluationReport) -> Bool { difference(to: other) == nil }

  /// What keeps two reports from being of one evaluation: what it is, and the two values; nil for nothing.
  public func difference(to other: EvaluationReport) -> (what: String, left: String, right: String)? {
    func text(_ digest: String?) -> String { digest.map { String($0.prefix(12)) } ?? "none" }
    if modelDigest != other.modelDigest || architecture != other.architecture
      || classCount != other.classCount || parameters != other.parameters
    {
      return ("model", "\(model), SHA-256 \(text(modelDigest))", "\(other.model), \(text(other.modelDigest))")
    }
    if networkDigest != other.networkDigest {
      return (
        "network", "\(model), SHA-256 of its graph and weights \(text(networkDigest))",
        "\(other.model), \(text(other.networkDigest))"
      )
    }
    if dataset.digest != other.dataset.digest || dataset.images != other.dataset.images {
      return (
        "images", "\(dataset.images) of SHA-256 \(text(dataset.digest))",
        "\(other.dataset.images) of \(text(other.dataset.digest))"
      )
    }
    if preprocessing != other.preprocessing {
      return ("preprocessing", "\(preprocessing)", "\(other.preprocessing)")
    }
    return nil
  }
}
