/// What an ONNX file says of its making.
public struct ONNXVersions: Sendable, Hashable, Codable {
  /// The version of ONNX's own operators.
  public var opset: Int
  /// The version of the file format.
  public var ir: Int
  /// Versions of operators of others, by domain, in the order of the file.
  public var domains: [String]
  /// The program that wrote the file, with its version; nil if it does not say.
  public var producer: String?

  public init(opset: Int, ir: Int, domains: [String] = [], producer: String? = nil) {
    self.opset = opset
    self.ir = ir
    self.domains = domains
    self.producer = producer
  }
}
