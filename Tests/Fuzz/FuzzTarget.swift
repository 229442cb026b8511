import FileIO
import FoundationEssentials

/// What is fuzzed: each reader that gets bytes from outside.
///
/// An input is a file as the command would be given it, so that fixtures are seeds, and what is found can be given to the
/// command and to other programs. `FUZZ_TARGET` names the target.
enum FuzzTarget: String, CaseIterable {
  /// Checkpoints of PyTorch: changes are made to the opcodes of their pickles.
  case pickle
  /// The same files: changes are made to all parts of them.
  case checkpoint
  case archive = "zip"
  case json, structure, safetensors, numpy, onnx
  /// ONNX models again: the networks are run.
  case run
  case hdf5, keras, recordings, images

  static let current: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
      let names = allCases.map(\.rawValue).joined(separator: ", ")
      fatalError("FUZZ_TARGET is '\(name)', and must be one of \(names)")
    }
    return target
  }()

  /// Reads an input and, if it is accepted, checks what came of it.
  func check(_ bytes: [UInt8]) {
    let file = ByteRegion.copying(bytes, origin: Self.origin)
    switch self {
    case .pickle, .checkpoint: checkCheckpoint(file)
    case .archive: checkArchive(file)
    case .json: checkJSON(file)
    case .structure: checkStructure(bytes)
    case .safetensors: checkSafetensors(file)
    case .numpy: checkNumPy(file)
    case .onnx: checkONNX(file)
    case .run: checkRun(file)
    case .hdf5: checkHDF5(file)
    case .keras: checkKeras(file)
    case .recordings: checkRecording(file)
    case .images: checkImage(file)
    }
  }

  /// What messages call an input.
  static let origin = "/nowhere/input"
}

/// What reading gives, or nil if the input is refused; then the error must be one that a user can be shown.
func accepted<Result>(_ read: () throws(ScaleNetError) -> Result) -> Result? {
  do throws(ScaleNetError) { return try read() } catch {
    judge(error)
    return nil
  }
}

/// An input that is refused is refused as one: by an error of that kind, in one line of reasonable length.
func judge(_ error: ScaleNetError, kinds: [ScaleNetError.Kind] = [.invalidInput]) {
  let text = error.description
  let isOneLine = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
  guard kinds.contains(error.kind), isOneLine, text.utf8.count < 20_000 else {
    fatalError("an error of kind \(error.kind): \(text.prefix(2_000))")
  }
}

/// What must succeed because the file is one that was read or written here.
func required<Result>(_ what: String, _ body: () throws(ScaleNetError) -> Result) -> Result {
  do throws(ScaleNetError) { return try body() } catch { fatalError("\(what): \(error)") }
}

func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
  guard condition else { fatalError(what()) }
}
