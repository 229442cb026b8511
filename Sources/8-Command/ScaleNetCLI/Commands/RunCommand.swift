import ArgumentParser
import FileIO
import ScaleNetKit

struct RunCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a model on arrays, or on an image.",
    discussion: """
      The input of an image network is a .npy file of shape [N, C, H, W] or [N, H, W, C] with real numbers; without N it is \
      one image. Weights get a graph for its height and width; an ONNX or Keras model must fit it, and what it leaves open \
      becomes the array's. Where there are several inputs, each is given as name=file.npy, or all as a .npz file of these names. \
      One output goes to a .npy file; several go to a .npz file under their names, or each to a .npy file in a directory. \
      Feature maps are in the order of the model's file: NHWC for a Keras model with channels last, and NCHW otherwise. \
      A JPEG or PNG image is brought to the model as predict does it.

      Examples:
        scalenet run model.onnx --input x.npy --output y.npy
        scalenet run model.onnx --input photo.jpg --output logits.npy
        scalenet run model.onnx --input image=x.npy --input scale=s.npy --output-dir outputs
        scalenet run weights.pth --input x.npy --output features.npz --features
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var reference: ReferenceOptions
  @OptionGroup var graph: GraphArguments
  @OptionGroup var threads: ThreadOptions

  @Option(
    name: [.customLong("input")], parsing: .singleValue,
    help: ArgumentHelp("An array to run on, of the input of that name.", valueName: "[name=]x.npy"),
    completion: .recording)
  var inputArrays: [String] = []

  @Option(
    name: [.short, .long], help: ArgumentHelp("Where the result goes.", valueName: "y.npy"),
    completion: .file(extensions: ["npy"]))
  var output: String?

  @Option(
    help: ArgumentHelp("Where a .npy file for each output goes.", valueName: "directory"),
    completion: .directory)
  var outputDir: String?

  @Flag(help: "Compute with the naive kernels that sum in Double: slow, for checking.")
  var naive = false

  @Flag(help: "Replace an existing output.")
  var force = false

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    if (output == nil) == (outputDir == nil) {
      throw ValidationError(
        "--output, --output-dir: expected one of them, found \(output == nil ? "neither" : "both")")
    }
  }

  func run() throws {
    var images = ImageOptions()
    images.graph = graph.options
    let inputs = try InputArrays.readBatch(inputArrays).preparingImages(
      for: model.input, model.opening(inputSize: graph.inputSize), images)
    for note in inputs.notes { StandardError.write("scalenet: note: \(note)\n") }
    let opened = try Model.open(model.input, model.opening().reading(for: inputs))
    let progress = ProgressLine()
    if reference.reference != nil { progress.show("checking the reference") }
    try reference.check(opened, graph.options, threads: threads.threads)
    progress.show("running")
    defer { progress.clear() }
    var options = RunOptions(threads: threads.threads)
    options.graph = graph.options
    options.arithmetic = naive ? .reference : .fast
    let target = outputDir.map { RunOutput.directory($0) } ?? .file(output ?? "")
    let report = try opened.run(inputs, to: target, options, overwrite: force)
    progress.clear()
    for note in report.notes { StandardError.write("scalenet: note: \(note)\n") }
    func text(_ result: RunReport.Output) -> String {
      "\(result.name.escapedForMessage) \(result.type)" + (result.layout.map { " (\($0))" } ?? "")
    }
    if let output {
      let name = output == "-" ? "standard output" : output
      try StandardOutput.write(
        "\(name): \(report.outputs.map(text).joined(separator: ", "))\n", besides: [output])
    } else {
      for result in report.outputs {
        try StandardOutput.write("\(result.path): \(text(result))\n")
      }
    }
  }
}
