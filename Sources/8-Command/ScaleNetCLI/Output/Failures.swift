import ArgumentParser
import FileIO
import FoundationEssentials
import ScaleNetKit

/// Errors of some of several inputs, after the others were reported.
struct PartialFailure: Error {
  var errors: [ScaleNetError]

  /// The exit status of the worst; of several kinds the one with the highest status.
  var status: Int32 { errors.map { ExitStatus.of($0.kind) }.max() ?? ExitStatus.software }
}

/// Runs something for each of several inputs, so that a bad one does not hide the others.
///
/// - Returns: the results of the good ones, and the errors of the others.
/// - Throws: the error, where the only input is bad.
func forEach<Result>(
  _ inputs: [String], _ body: (String) throws -> Result
) throws -> (results: [Result], failure: PartialFailure?) {
  var results: [Result] = []
  var errors: [ScaleNetError] = []
  for input in inputs {
    do {
      results.append(try body(input))
    } catch let error as ScaleNetError where inputs.count > 1 {
      errors.append(error)
    }
  }
  let failure = errors.isEmpty ? nil : PartialFailure(errors: errors)
  if results.isEmpty, let failure { throw failure }
  return (results, failure)
}

/// An error as JSON, for programs that ask for reports as JSON; `schemas/error.schema.json` describes it.
struct ErrorJSON: Encodable {
  var kind: String
  var message: String
  var exitStatus: Int32
  var path: String?
  var place: String?
  var option: String?
  var expected: String?
  var found: String?
  var problems: [String]?
  var remedy: String?

  enum CodingKeys: String, CodingKey {
    case kind, message, path, place, option, expected, found, problems, remedy
    case exitStatus = "exit_status"
  }

  init(_ error: ScaleNetError) {
    let words = ScaleNetError.Vocabulary.command
    kind = Self.name(error.kind)
    message = error.message(in: words, listsAll: false)
    exitStatus = ExitStatus.of(error.kind)
    path = error.path
    let places = error.places + (error.offset.map { ["byte \($0)"] } ?? [])
    place = places.isEmpty ? nil : places.joined(separator: ": ")
    option = error.option.map(words.option)
    expected = error.expected
    found = error.found
    problems = error.problems.isEmpty ? nil : error.problems
    remedy = error.remedy.map(words.remedy)
  }

  /// Arguments that could not be parsed.
  init(usage message: String) {
    kind = Self.name(.invalidOption)
    self.message = message
    exitStatus = ExitStatus.usage
  }

  private static func name(_ kind: ScaleNetError.Kind) -> String {
    switch kind {
    case .difference: "difference"
    case .invalidOption: "invalid_option"
    case .invalidInput: "invalid_input"
    case .noInput: "no_input"
    case .internalFailure: "internal_failure"
    case .cannotCreate: "cannot_create"
    case .inputOutput: "input_output"
    case .cancelled: "cancelled"
    }
  }
}
