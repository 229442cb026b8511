package import ModelIR

/// How a graph is made of weights.
package struct BuildOptions: Sendable {
  package var inputSize: InputSize
  /// The extent of the batch axis; open by default.
  package var batch: Dimension
  /// Give the feature maps of the four stages (`layer1` to `layer4`) instead of the logits.
  package var features: Bool
  /// End in a softmax over the classes.
  package var softmax: Bool
  /// Where a bottleneck block takes its step, which weights do not tell; nil follows the naming of the weights.
  package var stridePlacement: StridePlacement?
  /// What else weights do not tell.
  package var choices = Choices()
  package var inputName: String
  package var outputName: String

  package init(
    inputSize: InputSize = .standard, batch: Dimension = .symbolic("batch"), features: Bool = false,
    softmax: Bool = false, stridePlacement: StridePlacement? = nil, inputName: String = "input",
    outputName: String = "output"
  ) {
    self.inputSize = inputSize
    self.batch = batch
    self.features = features
    self.softmax = softmax
    self.stridePlacement = stridePlacement
    self.inputName = inputName
    self.outputName = outputName
  }
}

/// Height and width of the image that a graph is made for.
public struct InputSize: Hashable, Sendable, CustomStringConvertible {
  /// In pixels; the third extent of an NCHW image.
  public var height: Int
  /// In pixels; the fourth extent of an NCHW image.
  public var width: Int

  /// 224 x 224, for which the published networks were made and their costs are stated.
  public static let standard = InputSize(height: 224, width: 224)

  /// Any numbers; whether a network can be made for them is checked where a graph is made.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Reads `224` or `256x320` (height first).
  public init?(_ text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, (1...2).contains(numbers.count),
      numbers.allSatisfy({ (1...65536).contains($0) })
    else { return nil }
    self.init(height: numbers[0], width: numbers[numbers.count - 1])
  }

  /// `256x320`, the height first: what `init(_:)` reads.
  public var description: String { "\(height)x\(width)" }
}
