import FileIO

/// A place in a pickle: the archive member ("" in files without an archive) and the byte in it.
struct PicklePlace: Equatable, Sendable, CustomStringConvertible {
  let member: String
  let offset: Int

  var description: String {
    member.isEmpty ? "byte \(offset)" : "\(member.escapedForMessage) at byte \(offset)"
  }
}

/// What can be wrong with a PyTorch checkpoint, or go wrong with writing one.
extension ScaleNetError {
  /// Neither of the two formats of `torch.save`.
  static func notACheckpoint(path: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: "a file of torch.save", found: found)
  }

  /// The format before PyTorch 0.1.12.
  static func tarArchive(path: String) -> ScaleNetError {
    ScaleNetError(
      path: path, expected: "a file of torch.save",
      found:
        "the tar format of PyTorch before 0.1.12; load it with an old PyTorch and save the state_dict again")
  }

  /// The pickle uses an opcode whose value the file does not hold.
  static func refusedOpcode(path: String, place: PicklePlace, name: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "\(place)",
      reason:
        "refused: pickle opcode \(name), whose value lies outside of the file; torch.save does not write it"
    )
  }

  /// The pickle is damaged or does not say what `torch.save` would.
  static func malformedPickle(
    path: String, place: PicklePlace, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(path: path, place: "\(place)", expected: expected, found: found)
  }

  /// The archive's members, or the contents of one, are not those of `torch.save`.
  static func malformedArchive(
    path: String, member: String? = nil, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(path: path, place: member?.escapedForMessage, expected: expected, found: found)
  }

  /// A storage is not what the pickle says of it.
  static func storage(path: String, key: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, place: "storage '\(key.escapedForMessage)'", expected: expected, found: found)
  }

  /// A tensor cannot be read or written.
  static func tensor(path: String, name: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, place: "tensor '\(name.escapedForMessage)'", expected: expected, found: found)
  }

  /// No dictionary of tensors was found; `found` describes what the file holds.
  static func noStateDict(path: String, expected: String, found: [String]) -> ScaleNetError {
    ScaleNetError(path: path, expected: expected, found: found.joined(separator: ", "))
  }

  /// An entry among the weights is not a tensor with a name, or a name appears twice.
  static func wrongEntry(path: String, key: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "entry '\(key.escapedForMessage)' among the weights", expected: expected,
      found: found)
  }
}

extension ScaleNetError {
  /// A module of a pickled network is not as PyTorch makes them.
  static func module(path: String, name: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: name.isEmpty ? "the pickled network" : "module '\(name.escapedForMessage)'",
      expected: expected, found: found)
  }

  /// What an exported program says of its weights is not as PyTorch writes it.
  static func exported(path: String, place: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, place: place.escapedForMessage, expected: expected, found: found)
  }
}
