import Architectures
import Execution
import FileIO
import ModelIR

/// The weights of a graph under the names that PyTorch's module has, and what proves that they are its weights.
struct PyTorchNames {
  let weights: StateDict
  let architecture: Architecture
  let notes: [String]
  /// The normalisations that the graph has not, `layer1.0.bn1`.
  let folded: [String]
  private let options: BuildOptions
  private let outputs: [Int]
  private let graph: Graph

  /// Finds the network in a graph by its structure, and where that is none that is read so, by the names of its weights.
  ///
  /// - Throws: an error that says in one line why the graph is no network that is known.
  init(_ model: Model, _ graph: Graph) throws(ScaleNetError) {
    self.graph = graph
    var plain = graph
    do throws(ScaleNetError) { try plain.apply([EliminateIdentities(), FoldConstants()]) } catch {
      throw error.inFile(model.path)
    }
    do throws(ScaleNetError) {
      let reading = try GraphReading(plain)
      weights = reading.weights
      architecture = reading.architecture
      options = reading.options
      outputs = reading.outputs
      notes = reading.notes
      folded = reading.folded
    } catch {
      guard let (weights, architecture) = Self.named(model) else {
        throw .unsupported(
          path: model.path, operation: "give these weights PyTorch's names",
          reason: "the graph is no network that is known: \(error.message())"
        ).advising(.keepOwnNames)
      }
      self.weights = weights
      self.architecture = architecture
      notes = []
      folded = []
      var options = BuildOptions(features: plain.outputs.allSatisfy { plain[$0].type.rank == 4 })
      let producers = plain.producers()
      if let index = plain.outputs.first.flatMap({ producers[$0.index] }),
        case .softmax = plain.nodes[index].op
      {
        options.softmax = true
      }
      self.options = options
      outputs = Array(plain.outputs.indices)
    }
  }

  /// Runs the network that PyTorch's names stand for on the weights that were written, and the graph that they came from,
  /// on the same inputs.
  func verify(_ found: StateDict, _ verification: Verification) throws(ScaleNetError) -> VerificationReport {
    var expected = graph
    var options = options
    if let id = expected.inputs.first, expected[id].type.rank == 4 {
      let extents = expected[id].type.dimensions
      let standard = options.inputSize
      let size = InputSize(
        height: extents[2].value ?? standard.height, width: extents[3].value ?? standard.width)
      if extents[2].value == nil || extents[3].value == nil {
        expected = try GraphAdaptation(graph, GraphOptions(inputSize: size), path: verification.path).graph
      }
      options.inputSize = size
      options.batch = extents[0]
    }
    var built = try architecture.graph(found, options: options)
    let all = built.outputs
    guard outputs.allSatisfy(all.indices.contains) else {
      throw .verificationFailed(
        path: verification.path, problems: ["\(expected.outputs.count) outputs became \(all.count)"])
    }
    built.setOutputs(outputs.map { all[$0] })
    let halves = [DataType.bfloat16, .float16]
    let halfType = halves.first { type in expected.values.contains { $0.type.dataType == type } }
    // The network is what the file's graph is folded from, as the names tell of every normalisation.
    return try verification.compare(
      expected: built, found: expected, batch: 1, namesMatch: false, halfType: halfType)
  }

  // MARK: By names

  /// PyTorch's names of a Keras layer's variables.
  private static let variables = [
    "kernel": "weight", "depthwise_kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var",
  ]
  /// Names of modules that have an underscore themselves; every other one stands for a dot.
  private static let compounds = ["se_module", "last_linear"]

  /// The weights, if their names, or what Keras made of them, are all those of a network that is known. Tensors are OIHW
  /// already.
  private static func named(_ model: Model) -> (weights: StateDict, network: Architecture)? {
    var result = StateDict()
    for entry in model.tensors.entries {
      let name = model.format == .keras ? moduleName(entry.name) : entry.name
      guard let name, result.append(name, entry.tensor) else { return nil }
    }
    do throws(ScaleNetError) {
      return (result, try Architecture.recognize(result, source: model.path))
    } catch {
      // Not an error: any network can stand in a graph.
      return nil
    }
  }

  /// `layer1_0_conv2_1.kernel` becomes `layer1.0.conv2.1.weight`.
  private static func moduleName(_ name: String) -> String? {
    guard let dot = name.lastIndex(of: "."), let variable = variables[String(name[name.index(after: dot)...])]
    else { return nil }
    var module = name[..<dot].replacing("_", with: ".")
    for compound in compounds {
      module = module.replacing(compound.replacing("_", with: "."), with: compound)
    }
    return "\(module).\(variable)"
  }
}
