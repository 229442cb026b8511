import ArgumentParser
import FileIO
import FoundationEssentials
import Reports
import ScaleNetKit

struct DiffCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare the outputs of two models, and say where and why they part.",
    discussion: """
      Each side is a model of any format, or recorded outputs: .npy, .npz, the JSON of trtexec --exportOutput or of \
      polygraphy run --save-outputs. Models run on the same inputs here; images may be NCHW or NHWC on either side. The \
      right is the reference: values agree where |left - right| <= atol + rtol * |right|. The named tolerances \
      (atol a part of the largest magnitude, and rtol): exact 0 and 0, float32 1e-5 and 1e-4, tf32 2e-3 and 2e-3, float16 1e-2 and 1e-2, \
      int8 1e-1 and 1e-1. Exit status: 0 within the tolerance, 1 not.

      With --images both are shown the images of a folder, each as its metadata say or as torchvision does it, without \
      Exif's orientation; the status is 1 unless the first answers to all of them are the same.

      Examples:
        scalenet diff weights.pth model.onnx
        scalenet diff weights.pth model.onnx --layers --weights --chart error.svg
        scalenet diff weights.pth model.onnx --html report.html --junit report.xml
        scalenet diff model.onnx model.h5 --input photo.npy --format json
        scalenet diff model.onnx weights.pth --images photos
        scalenet diff model.onnx model.onnx --save-inputs inputs
        trtexec --onnx=model.onnx --loadInputs=input:inputs/input.0.bin --exportOutput=trt.json
        scalenet diff trt.json model.onnx --input inputs/inputs.npz --tolerance float16
      """)

  @Argument(help: ArgumentHelp("A model or recorded outputs.", valueName: "left"), completion: .model)
  var left: String

  @Argument(help: ArgumentHelp("What it is compared with.", valueName: "right"), completion: .model)
  var right: String

  @OptionGroup(title: "Input Options") var inputs: DiffInputOptions

  @OptionGroup(title: "Tolerance Options") var tolerance: ToleranceOptions

  @Flag(help: "Align and compare intermediate values, and name the first node that parts.")
  var layers = false

  @Flag(help: "Compare parameters, whatever their layout and folding.")
  var weights = false

  @OptionGroup var ofWeights: WeightsArguments

  @Option(
    help: ArgumentHelp(
      "Compare what both say of these images instead of their outputs: how often they agree, and where not.",
      valueName: "directory"), completion: .directory)
  var images: String?

  @Option(help: ArgumentHelp("The same of the right, where the two differ in that.", valueName: "key"))
  var rightKey: String?

  @Option(
    help: ArgumentHelp(
      "What the right's names begin with, where the two differ in that.", valueName: "prefix"))
  var rightPrefix: String?

  @OptionGroup var reference: ReferenceOptions

  @OptionGroup(title: "Graph Options") var graph: GraphArguments

  @OptionGroup var threads: ThreadOptions

  @Option(help: "How the report is printed.")
  var format = DiffReportFormat.table

  @Flag(help: "The same as --format latex: tables for a paper.")
  var latex = false

  @Option(
    help: ArgumentHelp(
      "Draw the error of each layer by depth, with --layers; .svg or .png.", valueName: "file"),
    completion: .chart)
  var chart: String?

  @Option(
    help: ArgumentHelp(
      "Write one page: verdict, cause, both graphs around the first divergence, the error by depth, maps of the worst "
        + "tensors.", valueName: "file"), completion: .page)
  var html: String?

  @Option(
    help: ArgumentHelp("Write the outcome as JUnit's XML, for continuous integration.", valueName: "file"),
    completion: .file(extensions: ["xml"]))
  var junit: String?

  @Flag(help: "Count an output that one side lacks as a difference.")
  var strict = false

  @Flag(help: "Replace existing files.")
  var force = false

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    try validateChart(chart)
    if chart != nil && !layers { throw ValidationError("--chart: expected with --layers") }
    if latex, ![.table, .latex].contains(format) {
      throw ValidationError("--latex, --format \(format.rawValue): expected one of them")
    }
    if format == .csv, layers, weights {
      throw ValidationError("--format csv: a file of one table, expected --layers or --weights")
    }
    if images != nil { try validateImages() }
  }

  func run() throws {
    if let images { return try compareAnswers(on: images) }
    do {
      try compare()
    } catch let error as ScaleNetError {
      writeFailure(error)
      throw error
    }
  }

  /// Tells continuous integration what is wrong with what was to be compared, in place of the outcome of an earlier run.
  /// Where the system fails, all stays as it was, as with every output.
  private func writeFailure(_ error: ScaleNetError) {
    let isOfInputs =
      [.invalidInput, .invalidOption].contains(error.kind)
      || error.path.map { error == .notFound(path: $0) } ?? false
    guard let junit, isOfInputs, error.path != junit else { return }
    let paths =
      [left, right] + inputs.inputs.flatMap { [$0, $0.split(separator: "=").last.map(String.init) ?? $0] }
    let outputs = OutputSet(overwrite: force, inputs: paths.compactMap { try? ByteRegion.map(path: $0) })
    let text = DiffReport.junit(
      ofFailed: left, right, message: error.message(in: .command, listsAll: false))
    // The error itself is what matters.
    guard (try? outputs.add(junit, Array(text.utf8), isText: true)) != nil else { return }
    try? outputs.commit()
  }

  private func compare() throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    progress.show("reading")
    let options = try options()
    let (size, arrays) = (options.graph.inputSize, options.inputs.first)
    let left = try Comparand.open(
      left, key: ofWeights.key, prefix: ofWeights.prefix, inputSize: size, inputs: arrays)
    let right = try Comparand.open(
      right, key: rightKey ?? ofWeights.key, prefix: rightPrefix ?? ofWeights.prefix, inputSize: size,
      inputs: arrays)
    try checkReference([left, right])
    let plan = try ComparisonPlan(left, right, options)
    let outputs = OutputSet(overwrite: force, inputs: plan.files)
    // Their places are looked at before the work.
    try OutputSet.check(
      [chart, html, junit].compactMap { $0 }, texts: [html, junit].compactMap { $0 }, overwrite: force,
      inputs: plan.files)
    let saved = try inputs.saveInputs.map { try plan.saveInputs(to: $0, outputs) }
    let report: DiffReport = try plan.report { progress.show($0) }
    progress.clear()
    if let chart { try outputs.add(chart, try DivergenceChart(report).drawing.bytes(for: chart)) }
    if let html { try outputs.add(html, Array(try plan.page(of: report).utf8), isText: true) }
    if let junit { try outputs.add(junit, Array(report.junit.utf8), isText: true) }
    try outputs.commit()
    if let saved { tell(saved) }
    let format: DiffReportFormat = latex ? .latex : format
    let text = try format.text(of: report, style: style)
    if format == .table {
      for note in report.notes { StandardError.write("scalenet: note: \(note)\n") }
    }
    try StandardOutput.write(text)
    if report.verdict == .differ { throw ExitCode(ExitStatus.difference) }
  }

  private func options() throws -> ComparisonOptions {
    var options = ComparisonOptions()
    options.graph = graph.options
    try inputs.apply(to: &options)
    options.tolerance = tolerance.elementTolerance
    options.layers = layers || html != nil
    options.strict = strict
    options.weights = weights
    options.threads = threads.threads
    return options
  }

  /// Holds each side that is weights against the reference, or each that is a model where none is.
  private func checkReference(_ sides: [Comparand]) throws {
    guard reference.reference != nil else { return }
    let models = sides.compactMap { side -> Model? in
      if case .model(let model) = side { model } else { nil }
    }
    guard !models.isEmpty else {
      throw ValidationError("--reference: expected with a model on a side, found recorded outputs")
    }
    let weights = models.filter { model in
      if case .weights = model.content { true } else { false }
    }
    for model in weights.isEmpty ? models : weights {
      try reference.check(model, graph.options, threads: threads.threads)
    }
  }

  /// What was written, and how others run on it.
  private func tell(_ saved: SavedInputs) {
    StandardError.write("scalenet: note: wrote \(saved.files.joined(separator: ", "))\n")
    for command in saved.commands { StandardError.write("scalenet: note: run: \(command)\n") }
  }

  private var style: Style {
    Style.detected(isTerminal: StandardOutput.isTerminal, environment: ProcessInfo.processInfo.environment)
  }
}

extension DiffCommand {
  /// Fails for what has no meaning for answers to images.
  fileprivate func validateImages() throws {
    for (option, isGiven) in [
      ("layers", layers), ("weights", weights), ("input", !inputs.inputs.isEmpty),
      ("seed", inputs.seed != nil),
      ("batches", inputs.batches != nil), ("save-inputs", inputs.saveInputs != nil),
      ("features", graph.features),
      ("tolerance", tolerance.tolerance != .float32), ("atol", tolerance.atol != nil),
      ("rtol", tolerance.rtol != nil), ("html", html != nil), ("junit", junit != nil), ("strict", strict),
      ("chart", chart != nil), ("reference", reference.reference != nil),
    ] where isGiven {
      throw ValidationError("--\(option): expected without --images")
    }
  }

  /// The answers of both, each of which gets images as its metadata say.
  fileprivate func compareAnswers(on images: String) throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    progress.show("reading")
    var options = ImageOptions()
    options.appliesOrientation = false
    options.batch = inputs.batch
    options.threads = threads.threads
    options.graph = graph.options
    let format: DiffReportFormat = latex ? .latex : format
    let models = (
      left: try Model.open(
        left, OpeningOptions(key: ofWeights.key, prefix: ofWeights.prefix), forImages: options),
      right: try Model.open(
        right, OpeningOptions(key: rightKey ?? ofWeights.key, prefix: rightPrefix ?? ofWeights.prefix),
        forImages: options)
    )
    // Weights get the size of the other side, which may have but one.
    func classifier(_ model: Model, beside other: Model) throws -> ImageClassifier {
      var options = options
      if case .weights = model.content, options.graph.inputSize == nil {
        options.graph.inputSize = other.imageInputSize
      }
      return try model.imageClassifier(options)
    }
    let timer = ProgressTimer(progress, "images")
    let left = try classifier(models.left, beside: models.right)
    let right = try classifier(models.right, beside: models.left)
    let report = try left.agreement(with: right, on: [images]) { timer.show($0) }
    progress.clear()
    if format == .table {
      for note in report.notes { StandardError.write("scalenet: note: \(note)\n") }
    }
    try StandardOutput.write(try format.text(of: report, style: style))
    if !report.unreadable.isEmpty { throw ExitCode(ExitStatus.badInput) }
    if report.top1 < report.images { throw ExitCode(ExitStatus.difference) }
  }
}
