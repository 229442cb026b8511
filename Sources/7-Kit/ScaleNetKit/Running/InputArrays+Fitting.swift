import FileIO
import ModelIR
import ONNXFormat

extension InputArrays {
  /// What a reader of ONNX is told of them.
  var given: ONNXReader.Given {
    if let only { return .only(only) }
    if arrays.isEmpty { return .none }
    var named: [String: Tensor] = [:]
    for array in arrays { named[array.name] = array.tensor }
    return isArchive ? .archive(named) : .named(named)
  }

  /// The array for an input; nil if there is none.
  ///
  /// - Parameters:
  ///   - names: what the input is called.
  ///   - isOnly: whether it is the only input.
  func array(for names: [String], isOnly: Bool) -> NamedTensor? {
    if let found = arrays.first(where: { names.contains($0.name) }), areNamed { return found }
    return isOnly && arrays.count == 1 && (!areNamed || isArchive) ? arrays[0] : nil
  }

  /// What is said of arrays that go to an input of another name, or to none.
  func notes(on names: [String], isOnly: Bool) -> [String] {
    guard areNamed, isArchive else { return [] }
    let others = arrays.map(\.name).filter { !names.contains($0) }
    if isOnly, arrays.count == 1, others.count == 1 {
      return [
        "\(source): \(others[0].escapedForMessage) is taken for the only input, \(names[0].escapedForMessage)"
      ]
    }
    if others.isEmpty { return [] }
    let list = others.map(\.escapedForMessage).joined(separator: ", ")
    return ["\(source): \(list): of no input, ignored"]
  }

  /// What is said of an array that was not as an input takes it.
  func notes(on fit: ArrayFit, of array: NamedTensor) -> [String] {
    let name = areNamed && arrays.count > 1 ? "\(source): \(array.name.escapedForMessage)" : source
    var notes: [String] = []
    if fit.hadNoBatch { notes.append("\(name) has no batch, and gets one of 1") }
    if fit.hadChannelsLast { notes.append("\(name) is read as NHWC") }
    return notes
  }

  /// The arrays by the names of a graph's inputs, as these take them, and what is to be said of that. An array that no
  /// input takes is kept, for who runs the graph to refuse.
  ///
  /// - Parameter path: the graph's file, for messages.
  func fitted(
    to graph: Graph, of path: String
  ) throws(ScaleNetError) -> (arrays: [String: Tensor], notes: [String]) {
    try checkNoImages()
    let names = graph.inputs.map { graph[$0].name }
    if only != nil, names.count > 1 {
      throw .unsupported(
        path: path, operation: "run",
        reason:
          "expected name=array for each of the inputs \(names.joined(separator: ", ")), found one array "
          + "without a name")
    }
    var result: [String: Tensor] = [:]
    var notes = notes(on: names, isOnly: names.count == 1)
    for id in graph.inputs {
      let name = graph[id].name
      guard let array = array(for: [name], isOnly: names.count == 1) else {
        guard isArchive else { continue }
        throw .invalidOption(
          "input", expected: "an array \(name.escapedForMessage)",
          found: "\(arrays.map(\.name.escapedForMessage).joined(separator: ", ")) in \(source)")
      }
      let fitted = array.tensor.fitted(to: graph[id].type.dimensions)
      result[name] = fitted?.tensor ?? array.tensor
      if let fit = fitted?.fit { notes += self.notes(on: fit, of: array) }
    }
    if areNamed, !isArchive {
      for array in arrays where result[array.name] == nil { result[array.name] = array.tensor }
    }
    return (result, notes)
  }
}
