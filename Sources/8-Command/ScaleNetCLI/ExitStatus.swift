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

  static func of(_ kind: ScaleNetError.Kind) -> Int32 {
    switch kind {
    case .difference: difference
    case .invalidOption: usage
    case .invalidInput: badInput
    case .noInput: noInput
    case .internalFailure, .cancelled: software
    case .cannotCreate: cannotCreate
    case .inputOutput: inputOutput
    }
  }
}
