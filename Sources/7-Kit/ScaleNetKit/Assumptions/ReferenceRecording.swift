import Architectures
package import FileIO
public import ModelIR

/// Inputs and outputs of a network that were recorded in the framework that its weights come from: the only proof that
/// what weights do not tell is what it was there.
///
/// ```python
/// import numpy, torch
/// x = torch.randn(1, 3, 224, 224)
/// with torch.no_grad(): numpy.savez("reference.npz", input=x.numpy(), output=model.eval()(x).numpy())
/// ```
public struct ReferenceRecording: Sendable {
  /// The file, or what messages call a recording in memory.
  public let path: String
  /// Inputs and outputs: by the names of the graph; `input` and `output` where there is one; or `input_0`, `output_1`
  /// by their places.
  public let arrays: [String: Tensor]
  /// The file that the arrays are views of, which no output may replace.
  package let files: [ByteRegion]

  /// A recording in memory.
  public init(_ arrays: [String: Tensor], name: String = "reference") {
    path = name
    self.arrays = arrays
    files = []
  }

  /// Reads a `.npz` file.
  ///
  /// - Throws: if it is none.
  public static func read(_ path: String) throws(ScaleNetError) -> ReferenceRecording {
    let file = try ByteRegion.map(path: path)
    guard FileFormat.detect(file) == .numpy else {
      throw .unknownFormat(
        path: path, expected: "a .npz file of arrays named input and output", found: Model.describe(file))
    }
    let (arrays, isArchive) = try InputArrays.readNumPy(file, path: path)
    guard isArchive else {
      throw .unknownFormat(
        path: path, expected: "a .npz file of arrays named input and output",
        found: "one array without a name")
    }
    return ReferenceRecording(arrays, path: path, file: file)
  }

  private init(_ arrays: [NamedTensor], path: String, file: ByteRegion) {
    self.path = path
    self.arrays = Dictionary(arrays.map { ($0.name, $0.tensor) }) { first, _ in first }
    files = [file]
  }

  /// What the recording holds for a graph: each input's array by the graph's name, and outputs by theirs, in its order.
  func arrays(
    for graph: Graph
  ) throws(ScaleNetError) -> (inputs: [String: Tensor], outputs: [NamedTensor]) {
    var rest = Set(arrays.keys)
    func find(_ id: ValueID, _ kind: String, _ place: Int, _ count: Int) -> Tensor? {
      for name in [graph[id].name] + (count == 1 ? [kind] : []) + ["\(kind)_\(place)"] {
        guard rest.contains(name) else { continue }
        rest.remove(name)
        return arrays[name]
      }
      return nil
    }
    func names(_ ids: [ValueID]) -> String {
      ids.map { graph[$0].name.escapedForMessage }.joined(separator: ", ")
    }
    var inputs: [String: Tensor] = [:]
    for (place, id) in graph.inputs.enumerated() {
      guard let tensor = find(id, "input", place, graph.inputs.count) else {
        throw invalid("arrays for the inputs \(names(graph.inputs)), or input")
      }
      inputs[graph[id].name] = tensor
    }
    var outputs: [NamedTensor] = []
    for (place, id) in graph.outputs.enumerated() {
      if let tensor = find(id, "output", place, graph.outputs.count) {
        outputs.append(NamedTensor(name: graph[id].name, tensor: tensor))
      }
    }
    guard !outputs.isEmpty, rest.isEmpty else {
      throw invalid(
        "arrays for the outputs \(names(graph.outputs)), or output, and no others beside the inputs")
    }
    return (inputs, outputs)
  }

  private func invalid(_ expected: String) -> ScaleNetError {
    ScaleNetError(
      path: path, expected: expected,
      found: arrays.keys.sorted().joined(separator: ", ").escapedForMessage)
  }

  /// Height and width of the first image, NCHW or NHWC.
  func imageSize(channels: Int) -> InputSize? {
    for name in arrays.keys.sorted() {
      guard let shape = arrays[name]?.shape, shape.rank == 4 else { continue }
      if shape[1] == channels { return InputSize(height: shape[2], width: shape[3]) }
      if shape[3] == channels { return InputSize(height: shape[1], width: shape[2]) }
    }
    return nil
  }
}
