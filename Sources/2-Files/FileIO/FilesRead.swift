/// Every file that a program has read so far, whatever for, so that none of them becomes one of its outputs: a list of
/// labels is lost as easily as a model.
///
/// For programs that do one thing and end. A library's host may well write what it has read before; there, what an output
/// must not be is given with it.
package enum FilesRead {
  private static let names = Locked([FileIdentity: String]?.none)
  /// As many are called by their names in messages; a data set has millions of files.
  private static let mostNames = 10_000

  /// From now on, what is read is remembered.
  package static func remember() {
    names.withLock { $0 = $0 ?? [:] }
  }

  static func add(_ identity: FileIdentity, _ name: String) {
    names.withLock { names in
      guard let count = names?.count else { return }
      if names?[identity] == nil { names?[identity] = count < mostNames ? name : "" }
    }
  }

  /// A file that is read to be gone on with may be written anew.
  package static func forget(_ path: String) {
    guard let identity = FileIdentity.of(path: path) else { return }
    names.withLock { _ = $0?.removeValue(forKey: identity) }
  }

  /// Fails if an output would replace a file that was read.
  static func checkIsNone(_ identity: FileIdentity, path: String) throws(ScaleNetError) {
    if let name = names.withLock({ $0?[identity] }) { throw .outputIsInput(path: path, input: name) }
  }

  /// The file that was read and that standard output goes to, as `>>` and `<>` of a shell have it; nil if there is none.
  package static var behindStandardOutput: String? {
    guard let identity = StandardStreams.outputFile else { return nil }
    return names.withLock { $0?[identity] }
  }
}
