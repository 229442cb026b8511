public import FileIO
public import ZipArchive

/// What can be wrong with a PyTorch checkpoint, or go wrong with writing one.
public enum PyTorchError: Error, Equatable, Sendable {
  /// A place in a pickle: the archive member ("" in files without an archive) and the byte in it.
  public struct Place: Equatable, Sendable {
    public let member: String
    public let offset: Int
  }

  /// Neither of the two formats of `torch.save`.
  case notACheckpoint(path: String, found: String)
  /// The format before PyTorch 0.1.12.
  case tarArchive(path: String)
  /// A TorchScript archive, which holds a program.
  case torchScript(path: String, member: String)
  /// The file holds a network as a Python object.
  case pickledModule(path: String, place: Place, name: String)
  /// The pickle names a class or function that weights do not need.
  case refusedGlobal(path: String, place: Place, name: String)
  /// The pickle uses an opcode that weights do not need.
  case refusedOpcode(path: String, place: Place, name: String)
  /// The pickle is damaged or does not say what `torch.save` would.
  case malformedPickle(path: String, place: Place, expected: String, found: String)
  /// The archive's members are not those of `torch.save`.
  case malformedArchive(path: String, expected: String, found: String)
  /// A storage is not what the pickle says of it.
  case storage(path: String, key: String, expected: String, found: String)
  /// A tensor cannot be read or written.
  case tensor(path: String, name: String, expected: String, found: String)
  /// No dictionary of tensors was found; `found` describes what the file holds.
  case noStateDict(path: String, expected: String, found: [String])
  /// An entry among the weights is not a tensor with a name, or a name appears twice.
  case wrongEntry(path: String, key: String, expected: String, found: String)
  /// The zip archive is damaged.
  case archive(ZipError)
  /// The file system failed.
  case file(FileError)
}

extension PyTorchError: CustomStringConvertible {
  private static let hint = "save model.state_dict() instead"

  public var description: String {
    switch self {
    case .notACheckpoint(let path, let found):
      "\(path.escapedForMessage): expected a file of torch.save, found \(found)"
    case .tarArchive(let path):
      "\(path.escapedForMessage): expected a file of torch.save, found the tar format of PyTorch before 0.1.12; "
        + "load it with an old PyTorch and save the state_dict again"
    case .torchScript(let path, let member):
      "\(path.escapedForMessage): expected weights, found a TorchScript archive "
        + "('\(member.escapedForMessage)'); \(Self.hint)"
    case .pickledModule(let path, let place, let name):
      "\(path.escapedForMessage): \(place): expected weights, found a whole network pickled as a Python object "
        + "(\(name.escapedForMessage)); \(Self.hint)"
    case .refusedGlobal(let path, let place, let name):
      "\(path.escapedForMessage): \(place): refused: the pickle names '\(name.escapedForMessage)', which weights "
        + "do not need; if the file holds a whole model, \(Self.hint)"
    case .refusedOpcode(let path, let place, let name):
      "\(path.escapedForMessage): \(place): refused: pickle opcode \(name), which torch.save does not write for "
        + "weights with its standard protocol 2"
    case .malformedPickle(let path, let place, let expected, let found):
      "\(path.escapedForMessage): \(place): expected \(expected), found \(found)"
    case .malformedArchive(let path, let expected, let found):
      "\(path.escapedForMessage): expected \(expected), found \(found)"
    case .storage(let path, let key, let expected, let found):
      "\(path.escapedForMessage): storage '\(key.escapedForMessage)': expected \(expected), found \(found)"
    case .tensor(let path, let name, let expected, let found):
      "\(path.escapedForMessage): tensor '\(name.escapedForMessage)': expected \(expected), found \(found)"
    case .noStateDict(let path, let expected, let found):
      "\(path.escapedForMessage): expected \(expected), found \(found.joined(separator: ", "))"
    case .wrongEntry(let path, let key, let expected, let found):
      "\(path.escapedForMessage): entry '\(key.escapedForMessage)' among the weights: expected \(expected), "
        + "found \(found)"
    case .archive(let error):
      error.description
    case .file(let error):
      error.description
    }
  }
}

extension PyTorchError.Place: CustomStringConvertible {
  public var description: String {
    member.isEmpty ? "byte \(offset)" : "\(member.escapedForMessage) at byte \(offset)"
  }
}
