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
    /// The file; the same for all outputs of an archive.
    public var path: String
  }

  /// In the graph's order.
  public var outputs: [Output]
}

extension Model {
  /// Runs the model on the arrays of files, and writes its outputs to files.
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
      let results = try results(inputs, options)
      let outputs = OutputSet(overwrite: overwrite, inputs: files)
      let paths = try RunOutput.write(results, to: path, outputs)
      try outputs.commit()
      return Self.report(results, paths)
    case .file(let path):
      let isArchive = path.lowercased().hasSuffix(".npz")
      guard isArchive || path.lowercased().hasSuffix(".npy") else {
        throw .invalidOption("output", expected: "a name that ends in .npy or .npz", found: path)
      }
      let outputs = OutputSet(overwrite: overwrite, inputs: files)
      var output = try outputs.create(path)
      let results = try results(inputs, options)
      if results.count > 1 && !isArchive {
        throw .invalidOption(
          "output", expected: "a name that ends in .npz, for \(results.count) outputs", found: path)
      }
      if isArchive {
        var archive = StateDict()
        for result in results { archive.append(result.name, result.tensor) }
        try NumPyWriter.writeArchive(archive, to: &output)
      } else {
        try NumPyWriter.writeArray(results[0].tensor, to: &output)
      }
      try outputs.add(output)
      try outputs.commit()
      return Self.report(results, Array(repeating: path, count: results.count))
    }
  }

  private static func report(_ results: [NamedTensor], _ paths: [String]) -> RunReport {
    RunReport(
      outputs: zip(results, paths).map { result, path in
        RunReport.Output(
          name: result.name, type: TensorType(result.tensor.dataType, result.tensor.shape), path: path)
      })
  }

  private func results(_ inputs: InputArrays, _ options: RunOptions) throws(ScaleNetError) -> [NamedTensor] {
    var options = options
    let graph = try graph(for: inputs, &options)
    if let id = graph.inputs.first, inputs.arrays.isEmpty {
      throw .invalidOption("input", expected: "an array for \(graph[id].name)", found: "none")
    }
    var arrays = try inputs.named(for: graph, of: path)
    if format == .onnx {
      // The reader has made the others constants.
      let names = Set(graph.inputs.map { graph[$0].name })
      arrays = arrays.filter { names.contains($0.key) }
    }
    // NumPy has no bfloat16; float32 has all of its numbers.
    return try Session(graph, path: path, files: files, options: options).runInOrder(arrays, from: inputs).map
    { result in
      result.tensor.dataType == .bfloat16
        ? NamedTensor(name: result.name, tensor: result.tensor.cast(to: .float32)) : result
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
    guard let shape = inputs.arrays.first?.tensor.shape else {
      throw .invalidOption("input", expected: "an array [N, C, H, W]", found: "none")
    }
    let size = shape.rank == 4 ? InputSize(height: shape[2], width: shape[3]) : nil
    guard let size, !shape.dimensions.contains(0) else { throw wrongArray("shape \(shape)") }
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
