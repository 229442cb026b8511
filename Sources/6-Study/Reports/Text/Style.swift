/// How text for a terminal looks.
public struct Style: Sendable, Hashable {
  /// Whether escape sequences for colour and weight are used.
  public var isColored: Bool
  /// Columns that a line may take.
  public var width: Int
  /// Whether names that would make a line longer are cut in their middle; who reads a file or a pipe wants them whole.
  public var cutsNames = true

  public init(isColored: Bool, width: Int = 80) {
    self.isColored = isColored
    self.width = width
  }

  /// No escape sequences, 80 columns.
  public static let plain = Style(isColored: false)

  /// The style for where text goes: colour on a terminal only, unless `NO_COLOR` is set and not empty
  /// (https://no-color.org) or the terminal is `dumb`; 80 columns there, and elsewhere names as long as they are.
  public static func detected(isTerminal: Bool, environment: [String: String]) -> Style {
    let isRefused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    var style = Style(isColored: isTerminal && !isRefused && environment["TERM"] != "dumb")
    style.cutsNames = isTerminal
    return style
  }

  func bold(_ text: String) -> String { isColored ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

  func faint(_ text: String) -> String { isColored ? "\u{1b}[2m\(text)\u{1b}[0m" : text }

  /// Text in colours of the 256-colour palette.
  func colored(_ text: String, foreground: Int, background: Int) -> String {
    isColored ? "\u{1b}[38;5;\(foreground);48;5;\(background)m\(text)\u{1b}[0m" : text
  }
}
