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
    /// The file that it went to.
    public var path: String
  }

  public var outputs: [Output]
}

extension OpenedModel {
  /// Runs the model on arrays, and writes its outputs.
  public func run(
    _ inputs: RunInputs, to output: RunOutput, options: RunOptions, kernels: (any KernelSet<Float>)? = nil
  ) throws(ScaleNetError) -> RunReport {
    let files = [file] + inputs.files
    switch output {
    case .directory(let path):
      let results = try results(inputs, options, kernels)
      let paths = try RunOutput.write(results, to: path, overwrite: options.overwrite, inputs: files)
      return Self.report(results, paths)
    case .file(let path):
      let isArchive = path.lowercased().hasSuffix(".npz")
      guard isArchive || path.lowercased().hasSuffix(".npy") else {
        throw .invalidOption(
          "output", expected: "a name that ends in .npy or .npz", found: path)
      }
      var output = try OutputFile(path: path, overwrite: options.overwrite, inputs: files)
      let results = try results(inputs, options, kernels)
      if results.count > 1 && !isArchive {
        throw .invalidOption(
          "output", expected: "a name that ends in .npz, for \(results.count) outputs",
          found: path)
      }
      if isArchive {
        var archive = StateDict()
        for result in results { archive.append(result.name, result.tensor) }
        try NumPyWriter.writeArchive(archive, to: &output)
      } else {
        try NumPyWriter.writeArray(results[0].tensor, to: &output)
      }

      try output.commit()
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

  /// The outputs, in the graph's order. Those that are known without a run are given as they are.
  private func results(
    _ inputs: RunInputs, _ options: RunOptions, _ kernels: (any KernelSet<Float>)?
  ) throws(ScaleNetError) -> [NamedTensor] {
    var graph = try graph(for: inputs, options: options)
    if let id = graph.inputs.first, inputs.isEmpty {
      throw .invalidOption("input", expected: "an array for \(graph[id].name)", found: "none")
    }
    let outputs = graph.outputs
    let computed = outputs.filter { graph[$0].initializer == nil }
    var results: [ValueID: Tensor] = [:]
    for id in outputs { results[id] = graph[id].initializer }
    if !computed.isEmpty {
      graph.setOutputs(computed)
      var arrays = try inputs.arrays(for: graph, of: path)
      if format == .onnx {
        // The reader has made the others constants.
        let names = Set(graph.inputs.map { graph[$0].name })
        arrays = arrays.filter { names.contains($0.key) }
      }
      let runner = try GraphRunner(
        graph, batch: Self.batch(graph, arrays),
        kernels: options.usesReferenceKernels ? nil : try given(kernels), threads: options.threads)
      for (id, result) in zip(computed, try runner.run(arrays)) { results[id] = result.tensor }
    }
    return outputs.compactMap { id in
      results[id].map { NamedTensor(name: graph[id].name, tensor: $0) }
    }
  }

  /// What the arrays have where the graph's inputs have an open extent.
  private static func batch(_ graph: Graph, _ arrays: [String: Tensor]) -> Int {
    for id in graph.inputs {
      guard let shape = arrays[graph[id].name]?.shape, shape.rank == graph[id].type.rank else { continue }
      for (axis, dimension) in graph[id].type.dimensions.enumerated()
      where dimension.value == nil && shape[axis] > 0 {
        return shape[axis]
      }
    }
    return 1
  }

  /// The graph that fits the arrays: weights get one for the image's height and width.
  private func graph(for inputs: RunInputs, options: RunOptions) throws(ScaleNetError) -> Graph {
    func wrongArray(_ found: String) -> ScaleNetError {
      .unknownFormat(
        path: inputs.path, expected: "an array [N, C, H, W] with at least one element", found: found)
    }
    switch content {
    case .weights, .tensors:
      guard let shape = (inputs.only ?? inputs.named.first?.tensor)?.shape else {
        throw .invalidOption("input", expected: "an array [N, C, H, W]", found: "none")
      }
      let size = shape.rank == 4 ? InputSize(height: shape[2], width: shape[3]) : nil
      guard let size, !shape.dimensions.contains(0) else { throw wrongArray("shape \(shape)") }
      var build = options.build
      if options.explicitBuildOptions.contains("--input-size"), build.inputSize != size {
        throw .invalidOption(
          "inputSize", expected: "\(size), the array's", found: "\(build.inputSize)")
      }
      build.inputSize = size
      do throws(ScaleNetError) {
        return try graph(build)
      } catch {
        // Here the array is at fault, not an option.
        if case .setInputSize? = error.remedy {
          throw .unsupported(path: inputs.path, operation: "run on this array", reason: error.description)
        }
        throw error
      }
    case .graph(let model):
      try refuse(options.explicitBuildOptions)
      if format == .keras, let only = inputs.only, only.shape.rank == 0 || only.elementCount == 0 {
        throw wrongArray("shape \(only.shape)")
      }
      return model.graph
    }
  }

  /// Fails if options were given that only weights can follow. An input size may be given where the graph's images
  /// have it, which they may have left open in the file.
  public func refuse(_ explicitOptions: [String], inputSize: InputSize? = nil) throws(ScaleNetError) {
    guard case .graph(let model) = content else { return }
    let images = model.graph.inputs.map { model.graph[$0].type.dimensions }.filter { $0.count == 4 }
    let hasSize =
      inputSize.map { size in
        !images.isEmpty && images.allSatisfy { Array($0[2...]) == [.fixed(size.height), .fixed(size.width)] }
      } ?? false
    guard let option = explicitOptions.first(where: { $0 != "--input-size" || !hasSize }) else { return }
    throw .invalidOption(
      option, expected: "weights to make a graph of", found: "a graph of its own in \(path)")
  }
}
