/// Why something could not be done: the one error of this library, thrown by every part of it.
///
/// It says what kind of failure it is, the file, the place in the file, what was expected there and what was found, and
/// where there is one, what to do about it. `description` is all of that on one line.
public struct ScaleNetError: Error, Equatable, Sendable {
  /// What kind of failure it is. Programs decide by it; the command gives each an exit status.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Something was compared and is not the same: a verification failed.
    case difference
    /// An option or argument that does not fit the input or another option.
    case invalidOption
    /// The input is damaged, or holds what is not supported.
    case invalidInput
    /// There is no such input, or it cannot be read.
    case noInput
    /// A library that this one stands on failed, or this one did.
    case internalFailure
    /// The output cannot be created, or may not replace what stands there.
    case cannotCreate
    /// Reading or writing failed after it was begun.
    case inputOutput
    /// The work was given up because its task or its progress was cancelled.
    case cancelled
  }

  /// What to do about an error. The library says it in the words of its options, the command in those of its own.
  public enum Remedy: Sendable, Hashable {
    /// Allow that an existing file is replaced.
    case allowOverwriting
    /// Choose another height and width for images; with an example such as `224`, if one is known.
    case setInputSize(example: String?)
    /// Name the place of the state dict in the checkpoint, one of these.
    case setKey(candidates: [String])
    /// Name the inputs that arrays are for.
    case nameInputs
    /// Give the format of the output, which its name does not tell.
    case setFormat

    /// The remedy in the words of the library.
    public var description: String {
      switch self {
      case .allowOverwriting: "set `overwrite` to replace it"
      case .setInputSize(let example): "set `inputSize`" + (example.map { ", to \($0) for example" } ?? "")
      case .setKey(let candidates):
        "set `key`" + (candidates.isEmpty ? "" : " to " + candidates.joined(separator: " or "))
      case .nameInputs: "name the inputs"
      case .setFormat: "set `format`"
      }
    }
  }

  /// What is wrong, beside where.
  enum Problem: Equatable, Sendable {
    /// One thing stood where another was expected.
    case mismatch(expected: String, found: String)
    /// A sentence.
    case statement(String)
    /// A title and all that is wrong.
    case list(title: String, [String])
  }

  public var kind: Kind
  /// The file, or another name for where the input comes from.
  public var path: String?
  /// The place in the file, from the outside in: an archive member, a node, an attribute. Empty where the whole is meant.
  public var places: [String]
  /// The byte in that place, or in the file.
  public var offset: Int?
  /// What to do about it, where that is known.
  public var remedy: Remedy?
  var problem: Problem

  /// Something other than what was expected.
  public init(
    _ kind: Kind = .invalidInput, path: String? = nil, place: String? = nil, offset: Int? = nil,
    expected: String,
    found: String, remedy: Remedy? = nil
  ) {
    self.init(
      kind: kind, path: path, place: place, offset: offset,
      problem: .mismatch(expected: expected, found: found),
      remedy: remedy)
  }

  /// Something that a sentence tells, without a full stop.
  public init(
    _ kind: Kind = .invalidInput, path: String? = nil, place: String? = nil, offset: Int? = nil,
    _ statement: String,
    remedy: Remedy? = nil
  ) {
    self.init(
      kind: kind, path: path, place: place, offset: offset, problem: .statement(statement), remedy: remedy)
  }

  /// Several things that are wrong at once.
  ///
  /// - Parameter title: what they have in common; empty for nothing.
  public init(
    _ kind: Kind = .invalidInput, path: String? = nil, place: String? = nil, title: String,
    problems: [String],
    remedy: Remedy? = nil
  ) {
    self.init(
      kind: kind, path: path, place: place, offset: nil, problem: .list(title: title, problems),
      remedy: remedy)
  }

  private init(
    kind: Kind, path: String?, place: String?, offset: Int?, problem: Problem, remedy: Remedy?
  ) {
    self.kind = kind
    self.path = path
    self.places = place.map { [$0] } ?? []
    self.offset = offset
    self.problem = problem
    self.remedy = remedy
  }

  /// What was expected, if the error is about one thing in another's place.
  public var expected: String? {
    if case .mismatch(let expected, _) = problem { expected } else { nil }
  }

  /// What was found instead.
  public var found: String? {
    if case .mismatch(_, let found) = problem { found } else { nil }
  }

  /// All that is wrong, where the error is a list; `description` says three of them and a count.
  public var problems: [String] {
    if case .list(_, let problems) = problem { problems } else { [] }
  }
}

extension ScaleNetError {
  /// The same error, of this file if it names none yet.
  public func inFile(_ path: String) -> ScaleNetError {
    var error = self
    if error.path == nil { error.path = path }
    return error
  }

  /// The same error, at a place within `place`.
  public func within(_ place: String) -> ScaleNetError {
    var error = self
    error.places.insert(place, at: 0)
    return error
  }

  /// The same error with something to do about it.
  public func advising(_ remedy: Remedy) -> ScaleNetError {
    var error = self
    error.remedy = remedy
    return error
  }
}

extension ScaleNetError: CustomStringConvertible {
  /// The most problems of a list that a message says.
  static let examples = 3

  /// One line; control characters in names are escaped. Of a list it says three problems and how many more there are.
  public var description: String { message() }

  /// The text of the error on one line.
  ///
  /// - Parameters:
  ///   - listsAll: whether every problem of a list is said, and not only the first three.
  ///   - more: what to say behind a list that was cut, such as how to see all of it.
  ///   - remedies: how a remedy is said.
  public func message(
    listsAll: Bool = false, more: String = "", remedies: (Remedy) -> String? = { $0.description }
  ) -> String {
    var parts = path.map { [$0.escapedForMessage] } ?? []
    var place = places.joined(separator: ": ")
    if let offset { place += (place.isEmpty ? "" : " at ") + "byte \(offset)" }
    if !place.isEmpty { parts.append(place) }
    switch problem {
    case .mismatch(let expected, let found):
      parts.append("expected \(expected), found \(found)")
    case .statement(let text):
      parts.append(text)
    case .list(let title, let problems):
      if !title.isEmpty { parts.append(title) }
      parts.append(Self.list(problems, listsAll: listsAll, more: more))
    }
    // Whatever stands in the parts, the message is one line.
    return (parts.joined(separator: ": ") + (remedy.flatMap(remedies).map { "; " + $0 } ?? "")).onOneLine
  }

  private static func list(_ problems: [String], listsAll: Bool, more: String) -> String {
    guard problems.count > 1 else { return problems.first ?? "" }
    let isWhole = listsAll || problems.count <= examples
    let said = isWhole ? problems[...] : problems.prefix(examples)
    let rest = isWhole ? "" : "; and \(problems.count - examples) more" + more
    return "\(problems.count) problems: " + said.joined(separator: "; ") + rest
  }
}
