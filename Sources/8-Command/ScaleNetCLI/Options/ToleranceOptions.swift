import ArgumentParser
import ScaleNetKit

/// By how much outputs may differ.
struct ToleranceOptions: ParsableArguments {
  enum Named: String, ExpressibleByArgument, CaseIterable {
    case exact, float32, float16, int8

    var tolerance: Tolerance {
      switch self {
      case .exact: .exact
      case .float32: .float32
      case .float16: .float16
      case .int8: .int8
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "How close values must be, |left - right| <= atol + rtol * |right|: a name for both.", valueName: "name"
    ))
  var tolerance = Named.float32

  @Option(
    help: ArgumentHelp(
      "The absolute tolerance instead of the named one's, as a plain number.", valueName: "x"))
  var atol: Double?

  @Option(help: ArgumentHelp("The relative tolerance instead of the named one's.", valueName: "x"))
  var rtol: Double?

  func validate() throws {
    for (name, value) in [("--atol", atol), ("--rtol", rtol)] {
      if let value, !(value >= 0 && value.isFinite) {
        throw ValidationError("\(name): expected a number from 0 on, found \(value)")
      }
    }
  }

  var elementTolerance: Tolerance {
    var result = tolerance.tolerance
    if atol != nil || rtol != nil { result.name = "given" }
    if let atol {
      result.absolute = atol
      result.scaled = false
    }
    if let rtol { result.relative = rtol }
    return result
  }
}
