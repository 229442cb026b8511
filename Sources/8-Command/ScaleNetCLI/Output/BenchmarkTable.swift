import Reports
import ScaleNetKit

/// The report of `bench`.
struct BenchmarkTable {
  private let results: [BenchmarkResult]

  init(_ results: [BenchmarkResult]) { self.results = results }

  func text(_ format: ReportFormat) throws -> String {
    switch format {
    case .table: return conditions + table
    case .json: return try reportJSON(results)
    case .csv: return csv
    case .markdown: return document.markdown
    case .latex: return document.latex
    }
  }

  private func macs(_ result: BenchmarkResult) -> Int { result.macs / max(result.batch, 1) }

  /// What all models share, as far as they do.
  private var conditions: String {
    let batches = Set(results.map(\.batch))
    let batch = batches.count == 1 ? batches.map { "batch \($0), " }.joined() : ""
    return results.first.map { "\(batch)threads \($0.threads), kernels \($0.kernels)\n" } ?? ""
  }

  private static let titles = [
    "model", ">batch", ">MACs/image", ">FLOPs/image", ">median ms", ">p95 ms", ">images/s", ">runs",
  ]

  private func row(_ result: BenchmarkResult) -> [String] {
    [
      result.architecture, "\(result.batch)", macs(result).grouped, (2 * macs(result)).grouped,
      "\((result.medianSeconds * 1000).rounded(toPlaces: 2))",
      "\((result.percentile95Seconds * 1000).rounded(toPlaces: 2))",
      "\(result.imagesPerSecond.rounded(toPlaces: 1))", "\(result.runs)",
    ]
  }

  private var table: String {
    let isOneBatch = Set(results.map(\.batch)).count == 1
    func shown<Element>(_ cells: [Element]) -> [Element] {
      isOneBatch ? cells.enumerated().filter { $0.offset != 1 }.map(\.element) : cells
    }
    var table = TextTable(
      shown(Self.titles).map { title in
        title.hasPrefix(">") ? .init(String(title.dropFirst()), isNumber: true) : .init(title)
      })
    for result in results { table.add(shown(row(result))) }
    return table.text
  }

  private var document: ReportDocument {
    var document = ReportDocument()
    if let first = results.first {
      document.addParagraph("threads \(first.threads), kernels \(first.kernels)")
    }
    document.addTable(Self.titles, results.map(row))
    return document
  }

  private var csv: String {
    var table = CSVTable([
      "model", "architecture", "macs", "batch", "runs", "threads", "kernels", "median_seconds", "p95_seconds",
      "images_per_second",
    ])
    for result in results {
      table.add(
        [result.model, result.architecture].map(CSVTable.name)
          + [result.macs, result.batch, result.runs, result.threads].map(String.init) + [result.kernels]
          + [result.medianSeconds, result.percentile95Seconds, result.imagesPerSecond].map { "\($0)" })
    }
    return table.text
  }
}
