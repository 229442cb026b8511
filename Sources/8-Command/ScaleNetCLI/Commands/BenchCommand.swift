import ArgumentParser
import Kernels
import Reports
import ScaleNetKit

struct BenchCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time the forward pass of models.",
    discussion: """
      The speed test of the published release: MACs, median and 95th percentile of the latency, and throughput, on this
      program's engine. BatchNormalization is folded first. arch:NAME stands for a built-in architecture.

      Examples:
        scalenet bench model.onnx --batch 1 --runs 100
        scalenet bench arch:resnet50 arch:scalenet50 --batch 16 --threads 2
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

  @Argument(help: ArgumentHelp("Model files, or arch:NAME.", valueName: "model"))
  var models: [String]

  @Option(help: ArgumentHelp("Images in a batch.", valueName: "n"))
  var batch = 16

  @Option(help: ArgumentHelp("Height and width of the image: 224, or 256x320.", valueName: "size"))
  var size: InputSize?

  @Option(help: ArgumentHelp("How often each model is timed.", valueName: "n"))
  var runs = 1000

  @OptionGroup var threads: ThreadOptions

  @Option(help: "How the report is printed.")
  var format = Format.table

  @OptionGroup var messages: MessageOptions

  func run() throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    var options = BenchmarkOptions()
    options.batch = batch
    options.runs = runs
    options.threads = threads.threads
    options.inputSize = size
    var results: [BenchmarkResult] = []
    for model in models {
      results.append(
        try Model.open(model).benchmark(options) { state in
          if state.completed % 10 == 0 {
            progress.show("\(model): run \(state.completed) of \(state.total ?? 0)")
          }
        })
    }
    progress.clear()
    switch format {
    case .table: try StandardOutput.write(table(results))
    case .json: try StandardOutput.write(try encodeJSON(results))
    }
  }

  private func table(_ results: [BenchmarkResult]) -> String {
    var table = TextTable([
      .init("model"), .init("MACs/image", isNumber: true), .init("FLOPs/image", isNumber: true),
      .init("median ms", isNumber: true),
      .init("p95 ms", isNumber: true),
      .init("images/s", isNumber: true),
    ])
    for result in results {
      let macs = result.macs / max(result.batch, 1)
      table.add([
        result.architecture, macs.grouped, (2 * macs).grouped,
        "\((result.medianSeconds * 1000).rounded(toPlaces: 2))",
        "\((result.percentile95Seconds * 1000).rounded(toPlaces: 2))",
        "\(result.imagesPerSecond.rounded(toPlaces: 1))",
      ])
    }
    return "batch \(batch), \(runs) runs each, kernels \(FastKernels.current.name)\n" + table.text
  }
}
