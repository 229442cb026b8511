import Architectures
import Execution
import FileIO
import Images
import ModelIR

extension Model {
  /// Converts the model to a file of another format.
  ///
  /// The output appears complete and, unless `options.verify` is off, proved: the temporary is read back, run and
  /// compared with the source before it gets its name. If anything fails, nothing is left.
  ///
  /// - Parameters:
  ///   - path: the file to write; its ending says the format where `options.format` does not. `-` is standard output.
  ///   - options: how the graph is made and how the file is written.
  ///   - progress: called when a new phase begins.
  /// - Returns: what was read, written and compared.
  /// - Throws: an error of the kind `difference` if what was written is not the same network; others if an option can't
  ///   be followed, the weights are damaged, or the file can't be written.
  @discardableResult
  public func convert(
    to path: String, _ options: ConversionOptions = ConversionOptions(), progress: ProgressHandler? = nil
  ) throws(ScaleNetError) -> ConversionReport {
    try convert(to: path, options, ProgressReporter(progress))
  }

  /// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind
  /// `cancelled`.
  @discardableResult
  public func convert(
    to path: String, _ options: ConversionOptions = ConversionOptions(), progress: ProgressHandler? = nil
  ) async throws(ScaleNetError) -> ConversionReport {
    try await detached(progress) { (reporter) throws(ScaleNetError) in
      try self.convert(to: path, options, reporter)
    }
  }

  private func convert(
    to path: String, _ options: ConversionOptions, _ progress: ProgressReporter
  ) throws(ScaleNetError) -> ConversionReport {
    var options = try options.aimed(path)
    let format = try options.format(of: path)
    try options.check(format, path)
    // A network's settings tell the size that it was trained for.
    if case .weights = content, options.graph.inputSize == nil {
      options.graph.inputSize = options.preprocessing?.preprocessing.crop
    }
    // What stands in the way of the output is said before the work.
    let inputs = files + (options.reference?.files ?? [])
    try OutputFile(path: path, overwrite: options.overwrite, inputs: inputs).discard()
    var reference: ReferenceReport?
    if let recording = options.reference {
      try progress.report(.checkingReference)
      reference = try check(recording, options.graph, threads: options.threads)
    }
    let conversion = Conversion(
      model: self, soundness: SoundnessCheck(self), path: path, format: format, options: options,
      reference: reference, progress: progress)
    return try inputs.whileUnchanged { () throws(ScaleNetError) in
      switch format {
      case .onnx:
        return try conversion.run { (graph) throws(ScaleNetError) in try ONNXTarget(conversion, graph) }
      case .keras:
        return try conversion.run { (graph) throws(ScaleNetError) in try KerasTarget(conversion, graph) }
      case .pytorch, .safetensors, .numpy, .trtexec, .polygraphy, .builtIn:
        return try conversion.run(try WeightsTarget(conversion), graph: nil)
      }
    }
  }
}

/// What is written, in one format: under a temporary name until the commit.
protocol ConversionTarget: ~Copyable {
  /// Writes everything and waits until it is stored.
  mutating func write() throws(ScaleNetError)
  /// Bytes of all files.
  var byteCount: Int { get }
  /// Adds what only this format can say.
  func describe(_ report: inout ConversionReport)
  /// Reads what was written and compares it with what was meant.
  func verify(_ verification: Verification) throws(ScaleNetError) -> VerificationReport
  /// Gives the files their names.
  consuming func commit() throws(ScaleNetError)
}

/// The graph that was meant, and what the passes made of it for the output.
struct ConvertedGraph {
  let source: Graph
  let result: Graph
  /// What stays float32 in a conversion to half precision.
  var kept: [ConversionReport.KeptLayer] = []
  /// Preprocessing that `result` has and `source` has not.
  var preprocessing: GraphPreprocessing.Applied?
  /// What the file's metadata are to say of images; nil for what the source's say.
  var imageMetadata: ImageMetadata?
}

/// One conversion under way.
struct Conversion {
  let model: Model
  /// Under way; its result is asked for before the output gets its name.
  let soundness: SoundnessCheck
  let path: String
  let format: FileFormat
  let options: ConversionOptions
  /// What was shown of a recording before.
  let reference: ReferenceReport?
  let progress: ProgressReporter

  /// The half type that weights and activations become; nil for none.
  var halfType: DataType? {
    options.dataType.flatMap { $0 == .float16 || $0 == .bfloat16 ? $0 : nil }
  }

  /// Writes a target that holds a graph.
  func run<Target: ConversionTarget & ~Copyable>(
    _ make: (ConvertedGraph) throws(ScaleNetError) -> Target
  ) throws(ScaleNetError) -> ConversionReport {
    try progress.report(.building)
    var source = try model.graph(options.graph)
    let kerasLayout: ImageLayout? =
      format == .keras ? (options.keras.dataFormat == .channelsFirst ? .nchw : .nhwc) : nil
    let preprocessing = try options.preprocessing.map { (asked) throws(ScaleNetError) in
      try asked.resolved(for: source, keras: kerasLayout, source: model)
    }
    let metadata = try imageMetadata(preprocessing, keras: kerasLayout, &source)
    let prepared =
      try preprocessing.map { (applied) throws(ScaleNetError) in try applied.applied(to: source) } ?? source
    let (result, kept) = try optimized(prepared)
    let graph = ConvertedGraph(
      source: source, result: result, kept: kept, preprocessing: preprocessing, imageMetadata: metadata)
    if let target = options.target { try graph.result.requireDeployable(on: target, path: path) }
    return try run(try make(graph), graph: graph)
  }

  /// What the metadata are to say of images; nil for what the source's say.
  ///
  /// - Parameter graph: that of a Keras model takes channels first, whatever its file says.
  private func imageMetadata(
    _ applied: GraphPreprocessing.Applied?, keras: ImageLayout?, _ graph: inout Graph
  ) throws(ScaleNetError) -> ImageMetadata? {
    var stated = try model.imageMetadata()
    let labels = options.labels ?? stated.labels
    if let labels, options.labels != nil { try check(labels, graph) }
    if let applied { return applied.metadata(labels: labels) }
    if let keras, let inGraph = stated.inGraph {
      if inGraph.layout == .nhwc { try graph.takeImagesWithChannelsFirst() }
      stated.inGraph?.layout = keras
    } else if options.labels == nil, model.format != .keras {
      return nil
    }
    stated.labels = labels
    return stated
  }

  /// Fails if there are not as many names as classes.
  private func check(_ labels: [String], _ graph: Graph) throws(ScaleNetError) {
    let isRight = graph.outputs.contains { id in
      graph[id].type.dimensions.dropFirst().first == .fixed(labels.count)
    }
    guard !isRight else { return }
    let outputs = graph.outputs.map { "\(graph[$0].name) \(graph[$0].type)" }.joined(separator: ", ")
    throw .invalidOption(
      "labels", expected: "a name for each class of \(outputs.escapedForMessage)", found: "\(labels.count)")
  }

  /// Writes a target, proves it and gives it its name.
  func run<Target: ConversionTarget & ~Copyable>(
    _ target: consuming Target, graph: ConvertedGraph?
  ) throws(ScaleNetError) -> ConversionReport {
    try progress.report(.writing)
    try target.write()
    var report = try report(graph: graph?.result, bytes: target.byteCount)
    if halfType != nil { report.keptFloat32 = graph?.kept ?? [] }
    target.describe(&report)
    if options.verify {
      try progress.report(.verifying)
      report.verification = try target.verify(Verification(path: path, threads: options.threads))
      if let count = report.verification?.undecidedValues, count > 0 {
        report.notes.append(
          "\(count) values of outputs are NaN in source and file, which proves nothing of them")
      }
    }
    try progress.check()
    try model.files.checkUnchanged()
    try target.commit()
    return report
  }

  /// The graph after the passes that were asked for.
  private func optimized(
    _ graph: Graph
  ) throws(ScaleNetError) -> (graph: Graph, kept: [ConversionReport.KeptLayer]) {
    var passes: [any GraphPass] = [EliminateIdentities(), FoldConstants()]
    if options.foldBatchNormalization ?? true { passes.append(FoldBatchNormalization()) }
    var result = graph
    var kept: [ConversionReport.KeptLayer] = []
    do throws(ScaleNetError) {
      try result.apply(passes)
      if let halfType {
        kept = try KeptLayers(options.keepFloat32, type: halfType, threads: options.threads).layers(
          of: result)
        try result.apply([
          ConvertToHalf(halfType, halfIO: options.halfIO, keeping: Set(kept.map(\.name)))
        ])
      }
      // Swish is too new to ask for its opset where none is asked for.
      if format == .onnx { try result.apply([SpellOutFunctions(opset: options.onnx.opset ?? 23)]) }
      try result.apply([EliminateDeadNodes()])
    } catch {
      let hasOverflow = error.overflow != nil && !options.keepFloat32.contains(KeptLayers.automatic)
      throw (hasOverflow ? error.advising(.keepFloat32) : error).inFile(model.path)
    }
    return (result, kept)
  }

  /// A report without what depends on the format.
  private func report(graph: Graph?, bytes: Int) throws(ScaleNetError) -> ConversionReport {
    func describe(_ ids: [ValueID]) -> [String] {
      guard let graph else { return [] }
      return ids.map { id in
        let type = graph[id].type
        let isLast = graph.inputs.contains(id) && type.rank == 4 && type.imageAxes == 1..<3
        return "\(graph[id].name) \(type)" + (type.rank == 4 ? isLast ? " (NHWC)" : " (NCHW)" : "")
      }
    }
    return ConversionReport(
      input: model.path, output: path, inputFormat: model.format.rawValue, outputFormat: format.rawValue,
      architecture: model.architecture, inputs: describe(graph?.inputs ?? []),
      outputs: describe(graph?.outputs ?? []), nodes: graph?.nodes.count ?? 0,
      parameters: try model.parameterCount(),
      bytes: bytes, companionFiles: [], notes: try model.notes + soundness.notes(),
      assumptions: graph == nil ? [] : try model.assumptions(options.graph), reference: reference,
      preprocessing: model.preprocessing, verification: nil, weightNames: nil)
  }
}

extension Model {
  /// Learnable parameters; tied ones count once.
  func parameterCount() throws(ScaleNetError) -> Int {
    switch content {
    case .weights(let weights, _), .tensors(let weights, _):
      return weights.distinctLearnableCount
    case .graph:
      return try inspect().report.totals.parameters
    }
  }
}
