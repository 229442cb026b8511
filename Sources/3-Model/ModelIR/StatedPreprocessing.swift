/// How images were prepared for a network, as its configuration says. Nothing here prepares them.
public struct StatedPreprocessing: Sendable, Codable, Hashable {
  /// The file that says it.
  public var source: String
  /// Channels, height and width.
  public var inputSize: [Int]?
  /// Of each channel, in pixels of 0 to 1.
  public var mean: [Double]?
  /// The deviation of each channel, by which what is left is divided.
  public var standardDeviation: [Double]?
  /// How images are resized: `bicubic`.
  public var interpolation: String?
  /// The part of a resized image's side that the crop takes.
  public var cropFraction: Double?

  package init(source: String) {
    self.source = source
  }

  enum CodingKeys: String, CodingKey {
    case source, mean, interpolation
    case inputSize = "input_size"
    case standardDeviation = "std"
    case cropFraction = "crop_pct"
  }

  /// On one line: `3x224x224, mean 0.485 0.456 0.406, ...`.
  public var text: String {
    func list(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    var parts: [String] = []
    if let inputSize { parts.append(inputSize.map(String.init).joined(separator: "x")) }
    if let interpolation { parts.append(interpolation) }
    if let cropFraction { parts.append("crop \(cropFraction)") }
    if let mean { parts.append("mean \(list(mean))") }
    if let standardDeviation { parts.append("std \(list(standardDeviation))") }
    return parts.joined(separator: ", ")
  }
}
