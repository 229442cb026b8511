import ArgumentParser
import FileIO
import ScaleNetKit

/// The exit statuses of `scalenet`, those of sysexits.h where it has one.
enum ExitStatus {
  static let difference: Int32 = 1
  static let usage: Int32 = 64
  static let badInput: Int32 = 65
  static let noInput: Int32 = 66
  static let software: Int32 = 70
  static let cannotCreate: Int32 = 73
  static let inputOutput: Int32 = 74

  static func of(_ error: ScaleNetError) -> Int32 {
    switch error {
    // A format passes on what the file system said; that decides, whichever format it was.
    case .file(let error), .pytorch(.file(let error)), .safetensors(.file(let error)),
      .onnx(.file(let error)),
      .keras(.file(let error)), .numpy(.file(let error)), .recording(.file(let error)),
      .recording(.array(.file(let error))), .tensor(_, _, .file(let error)):
      of(error)
    case .pytorch, .safetensors, .onnx, .keras, .numpy, .recording, .report, .tensor, .unknownFormat,
      .unsupported:
      badInput
    case .architecture(let error):
      switch error {
      case .inputTooSmall, .invalidInputSize, .unsupportedOption, .budgetTooSmall: usage
      case .unrecognized, .weights, .structureFile, .structureMismatch, .invalidImportance, .limitExceeded,
        .unreadableWeight, .graph:
        badInput
      }
    case .graph, .execution: badInput
    case .invalidOption: usage
    case .verificationFailed: difference
    case .library: software
    }
  }

  private static func of(_ error: FileError) -> Int32 {
    switch error {
    case .notFound, .cannotRead, .notARegularFile: noInput
    case .shortened: badInput
    case .exists, .outputIsInput, .cannotCreate: cannotCreate
    case .writeFailed: inputOutput
    }
  }
}
