public import FileIO
public import ModelIR
import NumPyFormat
import ONNXFormat

/// The arrays that a model runs on: one for the only input, or one for each by its name.
public struct RunInputs: Sendable {
  /// An array for the only input; nil if all have names.
  public private(set) var only: Tensor?
  /// Arrays by the names of inputs, in the order in which they were given.
  public private(set) var named: [(name: String, tensor: Tensor)] = []
  /// The files that the arrays are views of.
  public private(set) var files: [ByteRegion] = []
  /// Where the first array stands, for messages.
  public let path: String

  /// Reads arrays.
  ///
  /// - Parameter arguments: `x.npy` for the only input, `name=x.npy` for the input of that name, or `x.npz`, whose
  ///   arrays have the names of inputs. What is a file as it stands is no pair.
  public init(_ arguments: [String]) throws(ScaleNetError) {
    path = arguments.first ?? ""
    for argument in arguments {
      var (name, path): (String?, String) = (nil, argument)
      if let separator = argument.firstIndex(of: "="), FileIdentity.of(path: argument) == nil {
        name = String(argument[..<separator])
        path = String(argument[argument.index(after: separator)...])
      }
      let file = try ByteRegion.map(path: path)
      files.append(file)
      if name == nil && path.lowercased().hasSuffix(".npz") {
        let archive = try NumPyReader.archive(file)
        for entry in archive.entries { try add(entry.name, entry.tensor) }
        continue
      }
      let array = try NumPyReader.array(file)
      if let name {
        try add(name, array)
      } else if only == nil {
        only = array
      } else {
        throw .invalidOption("input", expected: "name=\(path), as there are several", found: path)
      }
    }
    if only != nil && !named.isEmpty {
      throw .invalidOption(
        "input", expected: "names for all arrays", found: "one without beside \(named[0].name)")
    }
  }

  var isEmpty: Bool { only == nil && named.isEmpty }

  private mutating func add(_ name: String, _ tensor: Tensor) throws(ScaleNetError) {
    guard !named.contains(where: { $0.name == name }) else {
      throw .invalidOption("input", expected: "one array for \(name)", found: "two")
    }
    named.append((name, tensor))
  }

  /// What a reader of ONNX is told of them.
  var given: ONNXReader.Given {
    if let only { return .only(only) }
    if named.isEmpty { return .none }
    var arrays: [String: Tensor] = [:]
    for (name, tensor) in named { arrays[name] = tensor }
    return .named(arrays)
  }

  /// The arrays for the inputs of a graph, in the graph's element types.
  func arrays(for graph: Graph, of path: String) throws(ScaleNetError) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    if let only {
      guard graph.inputs.count <= 1 else {
        let names = graph.inputs.map { graph[$0].name }.joined(separator: ", ")
        throw .unsupported(
          path: path, operation: "run",
          reason: "expected name=array for each of the inputs \(names), found one array without a name")
      }
      if let id = graph.inputs.first { result[graph[id].name] = only }
    } else {
      for (name, tensor) in named { result[name] = tensor }
    }
    // Any real numbers will do; the result has the graph's type.
    for id in graph.inputs {
      let type = graph[id].type.dataType
      if let array = result[graph[id].name], array.dataType != type {
        result[graph[id].name] = array.cast(to: type)
      }
    }
    return result
  }
}
