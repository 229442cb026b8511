import ArgumentParser
import ScaleNetKit

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a model on an array.",
    discussion: """
      The input is a .npy file of shape [N, C, H, W] with real numbers. Weights get a graph for its height and width;
      an ONNX model must fit it. One output goes to a .npy file; several go to a .npz file under their names.

      Examples:
        scalenet run model.onnx --input x.npy --output y.npy
        scalenet run weights.pth --input x.npy --output features.npz --features
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var graph: GraphOptions
  @OptionGroup var threads: ThreadOptions

  @Option(name: [.customLong("input")], help: ArgumentHelp("The array to run on.", valueName: "x.npy"))
  var inputArray: String

  @Option(name: [.short, .long], help: ArgumentHelp("Where the result goes.", valueName: "y.npy"))
  var output: String

  @Flag(help: "Compute with the naive kernels that sum in Double: slow, for checking.")
  var reference = false

  @Flag(help: "Replace an existing output.")
  var force = false

  func run() throws {
    let opened = try model.open()
    let progress = Progress()
    progress.show("running")
    defer { progress.clear() }
    var options = RunOptions()
    graph.apply(to: &options.build)
    options.explicitBuildOptions = graph.explicit
    options.usesReferenceKernels = reference
    options.threads = threads.threads
    options.overwrite = force
    let report = try opened.run(
      inputPath: inputArray, outputPath: output, options: options, kernels: kernelsForThisProcessor())
    progress.clear()
    let results = report.outputs.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    try StandardOutput.write("\(output): \(results)\n")
  }
}
