import FileIO

extension ONNXWriter {
  /// What a caller can choose.
  public struct Options: Sendable {
    /// Where weights are stored.
    public enum ExternalDataPolicy: String, Sendable, CaseIterable {
      /// In the model, and in a file of their own only where the model would pass 2 GiB.
      case automatic = "auto"
      /// In a file of their own.
      case always
      /// In the model, whatever its size; one of more than 2 GiB is an error.
      case never
    }

    /// The version of ONNX's operators, 11 to 25.
    public var opset: Int
    /// The version of the file format; nil for the lowest that may carry the opset. Runtimes refuse one that is newer
    /// than they know.
    public var irVersion: Int?
    /// Where weights are stored.
    public var externalData: ExternalDataPolicy
    /// What the file says made it (`producer_name`).
    public var producerName: String
    /// The version of what made it (`producer_version`).
    public var producerVersion: String
    /// The model's `doc_string`; nil for none.
    public var documentation: String?

    public init(
      opset: Int = 17, irVersion: Int? = nil, externalData: ExternalDataPolicy = .automatic,
      producerName: String = "scalenet", producerVersion: String = "", documentation: String? = nil
    ) {
      self.opset = opset
      self.irVersion = irVersion
      self.externalData = externalData
      self.producerName = producerName
      self.producerVersion = producerVersion
      self.documentation = documentation
    }

    /// The opsets that can be written.
    public static var opsets: ClosedRange<Int> { ONNXVersion.writableOpsets }

    /// The versions of the file format that may carry an opset.
    public static func irVersions(opset: Int) -> ClosedRange<Int> {
      ONNXVersion.leastIRVersion(opset: opset)...ONNXVersion.irVersions.upperBound
    }

    /// The version of the file format that is written.
    public var effectiveIRVersion: Int { irVersion ?? ONNXVersion.leastIRVersion(opset: opset) }

    func validate(path: String) throws(ScaleNetError) {
      guard ONNXVersion.writableOpsets.contains(opset) else {
        throw .invalidModel(
          path: path, place: "opset", expected: ONNXVersion.text(ONNXVersion.writableOpsets),
          found: "\(opset)")
      }
      let versions = Self.irVersions(opset: opset)
      guard versions.contains(effectiveIRVersion) else {
        throw .invalidModel(
          path: path, place: "ir_version", expected: "\(ONNXVersion.text(versions)) for opset \(opset)",
          found: "\(effectiveIRVersion)")
      }
    }
  }
}
