/// The version of this library and its command, as it is written into files.
public enum ToolVersion {
  /// Major, minor and patch version, as in a tag of the repository.
  public static let current = "0.1.0"
}
