import ArgumentParser
import Reports
import ScaleNetKit

struct BenchCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time the forward pass of models.",
    discussion: """
      The speed test of the published release: MACs, median and 95th percentile of the latency, and throughput, on this \
      program's engine. BatchNormalization is folded first. arch:NAME stands for a built-in architecture. Without --runs, \
      each model is timed for ten seconds, and ten times at least. A bad model among several is named, and the others \
      are timed.

      Examples:
        scalenet bench model.onnx --batch 1 --runs 100
        scalenet bench arch:resnet50 arch:scalenet50 --batch 16 --threads 2
      """)

  @Argument(help: ArgumentHelp("Model files, or arch:NAME.", valueName: "model"), completion: .model)
  var models: [String]

  @Option(
    help: ArgumentHelp(
      "Images in a batch, also of a graph that has another batch; 16 by default, or a graph's own.",
      valueName: "n"))
  var batch: Int?

  @Option(help: ArgumentHelp("Height and width of the image: 224, or 256x320.", valueName: "size"))
  var size: InputSize?

  @Option(
    help: ArgumentHelp(
      "How often each model is timed; by default for ten seconds, and ten times at least.", valueName: "n"))
  var runs: Int?

  @OptionGroup var threads: ThreadOptions

  @OptionGroup var table: TableOptions

  @OptionGroup var messages: MessageOptions

  func run() throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    var options = BenchmarkOptions()
    options.batch = batch
    options.runs = runs
    options.threads = threads.threads
    options.inputSize = size
    let clock = ContinuousClock()
    let (results, failure) = try forEach(models) { model in
      let begin = clock.now
      progress.show("\(model): reading")
      return try Model.open(model).benchmark(options) { state in
        let seconds = (clock.now - begin).components.seconds
        progress.show(
          "\(model): run \(state.completed + 1)\(state.total.map { " of \($0)" } ?? ""), \(seconds) s")
      }
    }
    progress.clear()
    try StandardOutput.write(try BenchmarkTable(results).text(table.chosen))
    if let failure { throw failure }
  }
}
