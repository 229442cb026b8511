extension DiffReport {
  /// One of the two that are compared.
  public struct Side: Sendable, Codable, Hashable {
    public var path: String
    /// The format's short name, such as `onnx`, `trtexec` or `polygraphy`.
    public var format: String
    /// nil for a recording.
    @ExplicitNull public var architecture: String?
    /// Whether it holds outputs that something else computed.
    public var isRecording: Bool

    public init(
      path: String, format: String, architecture: String? = nil, isRecording: Bool
    ) {
      self.path = path
      self.format = format
      self.architecture = architecture
      self.isRecording = isRecording
    }

    enum CodingKeys: String, CodingKey {
      case path, format, architecture
      case isRecording = "is_recording"
    }
  }
}
