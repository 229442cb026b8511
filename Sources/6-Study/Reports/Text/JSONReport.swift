import FileIO
import FoundationEssentials
import Inspection

/// Reports as JSON by `schemas/inspect.schema.json`: an object for one model, an array for several.
enum JSONReport {
  static func text(of reports: [InspectionReport]) throws(ScaleNetError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let data = try reports.count == 1 ? encoder.encode(reports[0]) : encoder.encode(reports)
      return String(decoding: data, as: UTF8.self) + "\n"
    } catch {
      throw .json(path: reports.first?.path ?? "", reason: "\(error)")
    }
  }
}
