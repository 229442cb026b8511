public import Architectures
import Execution
import FileIO
public import Kernels
public import ModelIR
import NumPyFormat

/// What `run` is asked for.
public struct RunOptions: Sendable {
  /// How the graph is made, where the model is weights.
  public var build = BuildOptions()
  /// The options among `build` that were given in so many words; a graph of its own can't follow them.
  public var explicitBuildOptions: [String] = []
  /// Whether the naive kernels that sum in Double do the work.
  public var usesReferenceKernels = false
  public var threads: Int?
  public var overwrite = false

  public init() {}
}

/// What `run` did.
public struct RunReport: Sendable {
  public struct Output: Sendable {
    public var name: String
    public var type: TensorType
  }

  public var outputs: [Output]
}

extension OpenedModel {
  /// Runs the model on the array in a .npy file, and writes the result to a .npy or .npz file.
  public func run(
    inputPath: String, outputPath: String, options: RunOptions, kernels: any KernelSet<Float>
  ) throws(ScaleNetError) -> RunReport {
    let isArchive = outputPath.lowercased().hasSuffix(".npz")
    guard isArchive || outputPath.lowercased().hasSuffix(".npy") else {
      throw .invalidOption(
        option: "--output", expected: "a name that ends in .npy or .npz", found: outputPath)
    }
    let arrayFile = try bridging(ScaleNetError.file) { () throws(FileError) in
      try ByteRegion.map(path: inputPath)
    }
    var output = try bridging(ScaleNetError.file) { () throws(FileError) in
      try OutputFile(path: outputPath, overwrite: options.overwrite, inputs: [file, arrayFile])
    }
    let array = try bridging(ScaleNetError.numpy) { () throws(NumPyError) in try NumPyReader.array(arrayFile)
    }
    let graph = try graph(for: array, at: inputPath, options: options)
    if graph.outputs.count > 1 && !isArchive {
      throw .invalidOption(
        option: "--output", expected: "a name that ends in .npz, for \(graph.outputs.count) outputs",
        found: outputPath)
    }
    let runner = try GraphRunner(
      graph, batch: array.shape.rank > 0 ? array.shape[0] : 1,
      kernels: options.usesReferenceKernels ? nil : kernels, threads: options.threads)
    // Any real numbers will do; the result has the graph's type.
    let inputType = graph[graph.inputs[0]].type.dataType
    let input = array.dataType == inputType ? array : array.cast(to: inputType)
    let results = try runner.run([graph[graph.inputs[0]].name: input])
    do throws(NumPyError) {
      if isArchive {
        var archive = StateDict()
        for result in results { archive.append(result.name, result.tensor) }
        try NumPyWriter.writeArchive(archive, to: &output)
      } else {
        try NumPyWriter.writeArray(results[0].tensor, to: &output)
      }
    } catch {
      throw .numpy(error)
    }
    do throws(FileError) { try output.commit() } catch { throw .file(error) }
    return RunReport(
      outputs: results.map { result in
        RunReport.Output(name: result.name, type: TensorType(result.tensor.dataType, result.tensor.shape))
      })
  }

  /// The graph that fits an array: weights get one for its height and width.
  private func graph(for array: Tensor, at path: String, options: RunOptions) throws(ScaleNetError) -> Graph {
    func wrongArray(_ found: String) -> ScaleNetError {
      .unknownFormat(path: path, expected: "an array [N, C, H, W] with at least one element", found: found)
    }
    switch content {
    case .weights, .tensors:
      let size = array.shape.rank == 4 ? InputSize(height: array.shape[2], width: array.shape[3]) : nil
      guard let size, !array.shape.dimensions.contains(0) else {
        throw wrongArray("shape \(array.shape)")
      }
      var build = options.build
      if options.explicitBuildOptions.contains("--input-size"), build.inputSize != size {
        throw .invalidOption(
          option: "--input-size", expected: "\(size), the array's", found: "\(build.inputSize)")
      }
      build.inputSize = size
      do throws(ScaleNetError) {
        return try graph(build)
      } catch {
        // Here the array is at fault, not an option.
        if case .architecture(let error) = error, error.isAboutInputSize {
          throw .unsupported(path: path, operation: "run on this array", reason: error.description)
        }
        throw error
      }
    case .graph(let model):
      try refuse(options.explicitBuildOptions)
      guard model.graph.inputs.count == 1 else {
        throw .unsupported(
          path: self.path, operation: "run",
          reason: "expected one graph input, found \(model.graph.inputs.count)")
      }
      guard array.shape.rank > 0, !array.shape.dimensions.contains(0) else {
        throw wrongArray("shape \(array.shape)")
      }
      return model.graph
    }
  }

  /// Fails if options were given that only weights can follow.
  func refuse(_ explicitOptions: [String]) throws(ScaleNetError) {
    guard case .graph = content, let option = explicitOptions.first else { return }
    throw .invalidOption(
      option: option, expected: "weights to make a graph of", found: "a graph of its own in \(path)")
  }
}
