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

  /// What to do about an error.
  public enum Remedy: Sendable, Hashable {
    /// Allow that an existing file is replaced.
    case allowOverwriting
    /// Choose a height and width for images; with one that works, such as `224`, if that is known.
    case setInputSize(example: String?)
    /// Make a graph in which no extent is open.
    case closeExtents
    /// Keep in float32 what half precision cannot hold.
    case keepFloat32
    /// Give the format of the output, which its name does not tell.
    case setFormat
    /// Make other choices about what the input does not tell, with which it works.
    case choose([Setting])
    /// Choose one of several networks in a file by what the names of its weights begin with.
    case choosePrefix(example: String)
    /// Write weights of a graph under the names that they have there.
    case keepOwnNames
  }

  /// An option and a value for it.
  public struct Setting: Sendable, Hashable {
    /// The option's name in this library: `activation`.
    public var option: String
    /// The value as text: `silu`.
    public var value: String

    public init(option: String, value: String) {
      self.option = option
      self.value = value
    }
  }

  /// What is wrong, beside where.
  enum Problem: Equatable, Sendable {
    /// One thing stood where another was expected.
    case mismatch(expected: String, found: String)
    /// A sentence.
    case statement(String)
    /// A number that a type cannot hold.
    case overflow(value: Double, index: Int, type: String)
    /// A title and all that is wrong.
    case list(title: String, [String])
  }

  /// What a program decides by; everything else is for the reader of the message.
  public var kind: Kind
  /// The file, or another name for where the input comes from.
  public var path: String?
  /// The place in the file, from the outside in: an archive member, a node, an attribute. Empty where the whole is meant.
  public var places: [String]
  /// The byte in that place, or in the file.
  public var offset: Int?
  /// The option or argument that does not fit, by its name in this library: `inputSize`.
  public var option: String?
  /// What to do about it, where that is known.
  public var remedy: Remedy?
  var problem: Problem

  private init(_ kind: Kind, path: String?, place: String?, offset: Int?, _ problem: Problem) {
    self.kind = kind
    self.path = path
    self.places = place.map { [$0] } ?? []
    self.offset = offset
    self.problem = problem
  }

  /// Something other than what was expected.
  public init(
    _ kind: Kind = .invalidInput, path: String? = nil, place: String? = nil, offset: Int? = nil,
    expected: String, found: String
  ) {
    self.init(kind, path: path, place: place, offset: offset, .mismatch(expected: expected, found: found))
  }

  /// Something that a sentence tells, without a full stop.
  public init(
    _ kind: Kind = .invalidInput, path: String? = nil, place: String? = nil, offset: Int? = nil,
    reason: String
  ) {
    self.init(kind, path: path, place: place, offset: offset, .statement(reason))
  }

  /// Several things that are wrong at once.
  ///
  /// - Parameter title: what they have in common; empty for nothing.
  public init(
    _ kind: Kind = .invalidInput, path: String? = nil, place: String? = nil, title: String, problems: [String]
  ) {
    self.init(kind, path: path, place: place, offset: nil, .list(title: title, problems))
  }

  /// A number that a type cannot hold; `index` counts elements in row-major order.
  package init(overflow value: Double, index: Int, type: String) {
    self.init(
      .invalidInput, path: nil, place: nil, offset: nil, .overflow(value: value, index: index, type: type))
  }

  /// The number and the type that cannot hold it, if the error is about that.
  package var overflow: (value: Double, type: String)? {
    if case .overflow(let value, _, let type) = problem { (value, type) } else { nil }
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

  /// The same error, at a place within `place`; an error that names its file already knows its place there.
  public func within(_ place: String) -> ScaleNetError {
    guard path == nil else { return self }
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

  /// An option or argument that does not fit the input or another option.
  ///
  /// - Parameter option: its name in this library, such as `inputSize`.
  public static func invalidOption(_ option: String, expected: String, found: String) -> ScaleNetError {
    var error = ScaleNetError(.invalidOption, expected: expected, found: found)
    error.option = option
    return error
  }

  /// An option that cannot be followed, and why.
  public static func invalidOption(_ option: String, _ reason: String) -> ScaleNetError {
    var error = ScaleNetError(.invalidOption, reason: reason)
    error.option = option
    return error
  }
}
