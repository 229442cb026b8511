import Architectures
import Execution
import FileIO
public import ModelIR
import NumPyFormat

/// What running a model on files did.
public struct RunReport: Sendable {
  /// One output and the file that it went to.
  public struct Output: Sendable {
    /// The name of the graph's output.
    public var name: String
    /// Element type and shape of the array.
    public var type: TensorType
    /// The order of the axes of an image or feature map, `NCHW`, or `NHWC` where the model's file has its channels last;
    /// nil for other arrays, and where the file does not tell.
    public var layout: String?
    /// The file; the same for all outputs of an archive.
    public var path: String
  }

  /// In the graph's order.
  public var outputs: [Output]
  /// What a user should know of the model and the arrays, one sentence each.
  public var notes: [String]
}

extension Model {
  /// Runs the model on the arrays of files, and writes its outputs to files.
  ///
  /// Images may be NCHW or NHWC, and without a batch, as `Tensor.fitted(to:)` has it. Feature maps are written in the order
  /// of the model's file: NHWC for a Keras model with channels last.
  ///
  /// - Parameters:
  ///   - inputs: an array for each input of the graph; weights get a graph for the height and width of the first.
  ///   - output: a file or a directory.
  ///   - options: how the graph is made and computed.
  ///   - overwrite: whether existing files may be replaced.
  /// - Throws: if an array is missing, of no input or of another shape, or an output can't be written; then none is.
  public func run(
    _ inputs: InputArrays, to output: RunOutput, _ options: RunOptions = RunOptions(), overwrite: Bool = false
  ) throws(ScaleNetError) -> RunReport {
    let files = files + inputs.files
    return try files.whileUnchanged { () throws(ScaleNetError) in
      try run(inputs, to: output, options, overwrite: overwrite, files: files)
    }
  }

  private func run(
    _ inputs: InputArrays, to output: RunOutput, _ options: RunOptions, overwrite: Bool, files: [ByteRegion]
  ) throws(ScaleNetError) -> RunReport {
    switch output {
    case .directory(let path):
      let (results, report) = try results(inputs, options)
      let outputs = OutputSet(overwrite: overwrite, inputs: files)
      let paths = try RunOutput.write(results, to: path, outputs)
      try outputs.commit()
      return report.at(paths)
    case .file(let path):
      let isStandardOutput = path == StandardStreams.path
      var isArchive = path.lowercased().hasSuffix(".npz")
      guard isArchive || isStandardOutput || path.lowercased().hasSuffix(".npy") else {
        throw .invalidOption("output", expected: "a name that ends in .npy or .npz", found: path)
      }
      let outputs = OutputSet(overwrite: overwrite, inputs: files)
      var output = try outputs.create(path)
      let (results, report) = try results(inputs, options)
      if isStandardOutput { isArchive = results.count > 1 }
      if results.count > 1 && !isArchive {
        throw .invalidOption(
          "output", expected: "a name that ends in .npz, for \(results.count) outputs", found: path)
      }
      if isArchive {
        try NumPyWriter.writeArchive(RunOutput.archive(results), to: &output)
      } else {
        try NumPyWriter.writeArray(results[0].tensor, to: &output)
      }
      try outputs.add(output)
      try outputs.commit()
      return report.at(Array(repeating: path, count: results.count))
    }
  }

  /// The outputs as they are written, and what is said of them.
  package func results(
    _ inputs: InputArrays, _ options: RunOptions
  ) throws(ScaleNetError) -> (results: [NamedTensor], report: RunReport) {
    var options = options
    var notes = self.notes
    let graph = try graph(for: inputs, &options)
    if let id = graph.inputs.first, inputs.arrays.isEmpty {
      throw .invalidOption("input", expected: "an array for \(graph[id].name)", found: "none")
    }
    var (arrays, said) = try inputs.fitted(to: graph, of: path)
    notes += said
    if format == .onnx {
      // The reader has made the others constants.
      let names = Set(graph.inputs.map { graph[$0].name })
      arrays = arrays.filter { names.contains($0.key) }
    }
    let layout = imageLayout
    var report = RunReport(outputs: [], notes: notes)
    let results = try Session(graph, path: path, files: files, options: options).runInOrder(
      arrays, from: inputs
    ).map {
      result in
      var tensor = result.tensor
      tensor = tensor.inNumPyType
      let isMap = tensor.shape.rank == 4
      if isMap && layout == "NHWC" { tensor = tensor.transposed([0, 2, 3, 1]) }
      report.outputs.append(
        RunReport.Output(
          name: result.name, type: TensorType(tensor.dataType, tensor.shape), layout: isMap ? layout : nil,
          path: ""))
      return NamedTensor(name: result.name, tensor: tensor)
    }
    return (results, report)
  }

  /// The order of the axes of images in the model's file; nil where that does not tell.
  package var imageLayout: String? {
    switch content {
    case .weights: return "NCHW"
    case .tensors: return nil
    case .graph(let model): return model.isChannelsLast ? "NHWC" : format == .keras ? "NCHW" : nil
    }
  }

  /// The graph that fits the arrays: weights get one for the image's height and width.
  private func graph(for inputs: InputArrays, _ options: inout RunOptions) throws(ScaleNetError) -> Graph {
    func wrongArray(_ found: String) -> ScaleNetError {
      .unknownFormat(
        path: inputs.source, expected: "an array [N, C, H, W] with at least one element", found: found)
    }
    if case .graph = content {
      if format == .keras, let only = inputs.only, only.shape.rank == 0 || only.elementCount == 0 {
        throw wrongArray("shape \(only.shape)")
      }
      return try graph(options.graph)
    }
    guard case .weights(_, let architecture) = content else { return try graph(options.graph) }
    guard let array = inputs.array(for: [options.graph.inputName ?? "input"], isOnly: true)?.tensor else {
      throw .invalidOption(
        "input", expected: "an array [N, C, H, W]",
        found: inputs.arrays.isEmpty
          ? "none"
          : "\(inputs.arrays.map(\.name.escapedForMessage).joined(separator: ", ")) in \(inputs.source)")
    }
    let image: [Dimension] = [.unknown, .fixed(architecture.imageChannels), .unknown, .unknown]
    // An array of other channels is refused by its shape, when the graph is run.
    let shape = (array.fitted(to: image)?.tensor ?? array).shape
    let size = shape.rank == 4 ? InputSize(height: shape[2], width: shape[3]) : nil
    guard let size, !shape.dimensions.contains(0) else { throw wrongArray("shape \(array.shape)") }
    if let asked = options.graph.inputSize, asked != size {
      throw .invalidOption("inputSize", expected: "\(size), the array's", found: "\(asked)")
    }
    options.graph.inputSize = size
    do throws(ScaleNetError) {
      return try graph(options.graph)
    } catch {
      // Here the array is at fault, not an option.
      guard case .setInputSize? = error.remedy else { throw error }
      var plain = error
      plain.remedy = nil
      throw .unsupported(path: inputs.source, operation: "run on this array", reason: plain.description)
    }
  }
}

extension RunReport {
  /// The same report, of files.
  fileprivate func at(_ paths: [String]) -> RunReport {
    var report = self
    for (index, path) in paths.enumerated() { report.outputs[index].path = path }
    return report
  }
}
