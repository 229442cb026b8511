import ArgumentParser
import Reports

/// How a report of tables is printed, the same in every command that prints one.
struct TableOptions: ParsableArguments {
  @Option(help: "How the report is printed.")
  var format = ReportFormat.table

  @Flag(help: "The same as --format latex: tables for a paper.")
  var latex = false

  func validate() throws {
    if latex, ![.table, .latex].contains(format) {
      throw ValidationError("--latex, --format \(format.rawValue): expected one of them")
    }
  }

  /// The format that was asked for.
  var chosen: ReportFormat { latex ? .latex : format }
}
