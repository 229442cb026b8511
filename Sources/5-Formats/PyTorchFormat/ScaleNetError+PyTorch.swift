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
  private static let hint = "save model.state_dict() instead"

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

  /// A TorchScript archive, which holds a program.
  static func torchScript(path: String, member: String) -> ScaleNetError {
    ScaleNetError(
      path: path, expected: "weights", found: "a TorchScript archive ('\(member.escapedForMessage)'); \(hint)"
    )
  }

  /// The file holds a network as a Python object.
  static func pickledModule(path: String, place: PicklePlace, name: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "\(place)", expected: "weights",
      found: "a whole network pickled as a Python object (\(name.escapedForMessage)); \(hint)")
  }

  /// The pickle names a class or function that weights do not need.
  static func refusedGlobal(path: String, place: PicklePlace, name: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "\(place)",
      reason:
        "refused: the pickle names '\(name.escapedForMessage)', which weights do not need; if the file holds a whole "
        + "model, \(hint)")
  }

  /// The pickle uses an opcode that weights do not need.
  static func refusedOpcode(path: String, place: PicklePlace, name: String) -> ScaleNetError {
    ScaleNetError(
      path: path, place: "\(place)",
      reason:
        "refused: pickle opcode \(name), which torch.save does not write for weights with its standard protocol 2"
    )
  }

  /// The pickle is damaged or does not say what `torch.save` would.
  static func malformedPickle(
    path: String, place: PicklePlace, expected: String, found: String
  ) -> ScaleNetError {
    ScaleNetError(path: path, place: "\(place)", expected: expected, found: found)
  }

  /// The archive's members are not those of `torch.save`.
  static func malformedArchive(path: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: expected, found: found)
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
