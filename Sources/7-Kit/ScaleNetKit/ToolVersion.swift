/// The version of this library and its command, as it is written into files.
public enum ToolVersion {
  public static let current = "0.1.0"
}
