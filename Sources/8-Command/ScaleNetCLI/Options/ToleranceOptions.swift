import ArgumentParser
import ScaleNetKit

/// By how much outputs may differ.
struct ToleranceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How close values must be, |left - right| <= atol + rtol * |right|: a name for both.", valueName: "name"
    ))
  var tolerance = Tolerance.float32

  @Option(
    help: ArgumentHelp(
      "The absolute tolerance instead of the named one's, as a plain number.", valueName: "x"))
  var atol: Double?

  @Option(help: ArgumentHelp("The relative tolerance instead of the named one's.", valueName: "x"))
  var rtol: Double?

  var elementTolerance: Tolerance {
    var result = tolerance
    if atol != nil || rtol != nil { result.name = "given" }
    if let atol {
      result.absolute = atol
      result.scaled = false
    }
    if let rtol { result.relative = rtol }
    return result
  }
}
