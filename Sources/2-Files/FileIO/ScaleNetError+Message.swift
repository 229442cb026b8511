extension ScaleNetError: CustomStringConvertible {
  /// The words in which an error speaks of options and of what to do: a library's user sets properties, a command's
  /// user gives options.
  public struct Vocabulary: Sendable {
    /// An option's name, from its name in this library.
    public var option: @Sendable (String) -> String
    /// What to do, as the end of a sentence.
    public var remedy: @Sendable (Remedy) -> String
    /// How to see all of a list that was cut, behind "and 12 more"; empty for nothing.
    public var more: String

    /// Words of one's own; each closure gives what stands in a sentence, without a full stop.
    public init(
      option: @escaping @Sendable (String) -> String, remedy: @escaping @Sendable (Remedy) -> String,
      more: String
    ) {
      self.option = option
      self.remedy = remedy
      self.more = more
    }

    /// The words of this library.
    public static let library = Vocabulary(
      option: { $0 },
      remedy: { remedy in
        switch remedy {
        case .allowOverwriting: "set overwrite to replace it"
        case .setInputSize(let example): "set inputSize" + (example.map { " to \($0)" } ?? "")
        case .closeExtents: "give every extent a number"
        case .setFormat: "set format"
        case .keepFloat32: "set keepFloat32 to [\"auto\"]"
        case .choose(let settings):
          "with " + settings.map { "\($0.option) \($0.value)" }.joined(separator: " and ")
            + " it is: set that"
        case .choosePrefix(let example): "set prefix to '\(example.escapedForMessage)' or another"
        case .keepOwnNames: "set ownNames to write them under the graph's names"
        }
      }, more: ", which `problems` lists")
  }

  /// How many problems of a list a message says.
  private static let examples = 3

  /// One line in the library's words; control characters of names are escaped. Of a list it says three problems and how
  /// many more there are.
  public var description: String { message() }

  /// The text of the error on one line.
  ///
  /// - Parameters:
  ///   - vocabulary: how options and remedies are said.
  ///   - listsAll: whether every problem of a list is said, and not only the first three.
  public func message(in vocabulary: Vocabulary = .library, listsAll: Bool = false) -> String {
    var place = places.joined(separator: ": ")
    if let offset { place += (place.isEmpty ? "" : " at ") + "byte \(offset)" }
    let parts = [
      path?.escapedForMessage ?? "", place, option.map(vocabulary.option) ?? "",
      text(vocabulary, listsAll: listsAll),
    ]
    let advice = remedy.map { "; " + vocabulary.remedy($0) } ?? ""
    // Whatever stands in the parts, the message is one line.
    return (parts.filter { !$0.isEmpty }.joined(separator: ": ") + advice).onOneLine
  }

  /// The same error with one more thing to know.
  func adding(_ sentence: String) -> ScaleNetError {
    var error = self
    error.problem = .statement(text(.library, listsAll: false) + "; " + sentence)
    return error
  }

  private func text(_ vocabulary: Vocabulary, listsAll: Bool) -> String {
    switch problem {
    case .mismatch(let expected, let found):
      return "expected \(expected), found \(found)"
    case .statement(let text):
      return text
    case .overflow(let value, let index, let type):
      return "element \(index) is \(value), which overflows \(type)"
    case .list(let title, let problems):
      let isWhole = listsAll || problems.count <= Self.examples
      let said = isWhole ? problems[...] : problems.prefix(Self.examples)
      let count = problems.count > 1 ? "\(problems.count) problems: " : ""
      let rest = isWhole ? "" : "; and \(problems.count - Self.examples) more" + vocabulary.more
      return (title.isEmpty ? "" : title + ": ") + count + said.joined(separator: "; ") + rest
    }
  }
}
