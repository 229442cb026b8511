import Comparison
import Execution
import FileIO
import ModelIR

/// The inputs of a comparison: the same for both sides, in the layout that each side's graph takes.
struct SharedInputs {
  /// A side that is a graph.
  struct Taker {
    var graph: Graph
    var comparand: Comparand

    /// Extents of an input.
    func shape(_ id: ValueID) -> [Int] { graph[id].type.dimensions.compactMap(\.value) }

    /// Whether the file takes channels last where the graph has them first.
    var hasChannelsLastFile: Bool {
      guard case .model(let opened) = comparand, case .graph(let model) = opened.content else { return false }
      return model.isChannelsLast
    }
  }

  private(set) var batches: [[ComparisonInput]] = []
  private(set) var notes: [String] = []

  init(left: Taker?, right: Taker?, options: ComparisonOptions, batchCount: Int) throws(ScaleNetError) {
    guard let first = left ?? right else {
      batches = Array(repeating: [], count: batchCount)
      return
    }
    let second = left != nil ? right : nil
    let pairs = try Self.pairs(first, second)
    var random = RandomSource(seed: options.seed ?? 0)
    let source =
      options.inputs.isEmpty
      ? "seed \(options.seed ?? 0)" : options.inputs.map(\.source).joined(separator: ", ")
    for batch in 0..<batchCount {
      var inputs: [ComparisonInput] = []
      if !options.inputs.isEmpty {
        let known =
          pairs.map { first.graph[$0.first].name }
          + pairs.compactMap { pair in pair.second.flatMap { second?.graph[$0].name } }
        for note in options.inputs[batch].notes(on: known, isOnly: pairs.count == 1)
        where !notes.contains(note) { notes.append(note) }
      }
      for pair in pairs {
        let tensor: Tensor
        if options.inputs.isEmpty {
          tensor = random.input(first.graph[pair.first].type.dataType, TensorShape(pair.shape))
        } else {
          let names =
            [first.graph[pair.first].name] + (pair.second.map { [second?.graph[$0].name ?? ""] } ?? [])
          tensor = try find(names, pair.shape, options.inputs[batch], isOnly: pairs.count == 1)
        }
        let layout = Self.layout(of: tensor, for: pair.first, of: first)
        var input = ComparisonInput(
          name: first.graph[pair.first].name, tensor: tensor, layout: layout, otherLayout: layout,
          source: source)
        if let second, let id = pair.second {
          input.otherName = second.graph[id].name
          input.otherLayout = Self.layout(of: tensor, for: id, of: second)
        }
        inputs.append(input)
      }
      batches.append(inputs)
    }
    addNotes()
  }

  /// An input of the first graph, its counterpart, and the shape of both, NCHW where it is an image.
  private struct Pair {
    var first: ValueID
    var second: ValueID?
    var shape: [Int]
  }

  /// Pairs graph inputs: by name where all names agree, otherwise by their order.
  private static func pairs(_ first: Taker, _ second: Taker?) throws(ScaleNetError) -> [Pair] {
    let ids = first.graph.inputs
    guard let second else { return ids.map { Pair(first: $0, second: nil, shape: first.shape($0)) } }
    let others = second.graph.inputs
    func names(_ side: Taker) -> [String] { side.graph.inputs.map { side.graph[$0].name } }
    guard ids.count == others.count else {
      throw .unsupported(
        path: second.comparand.path, operation: "compare with \(first.comparand.path)",
        reason: "expected inputs \(names(first)), found \(names(second))")
    }
    let areNamedAlike = Set(names(first)) == Set(names(second))
    return try ids.enumerated().map { (index, id) throws(ScaleNetError) in
      let named = areNamedAlike ? second.graph.value(named: first.graph[id].name) : nil
      let other = named ?? others[index]
      let (a, b) = (first.shape(id), second.shape(other))
      if a == b { return Pair(first: id, second: other, shape: a) }
      // One of the graphs takes its image with channels last.
      if a.count == 4, [a[0], a[2], a[3], a[1]] == b { return Pair(first: id, second: other, shape: a) }
      if a.count == 4, [a[0], a[3], a[1], a[2]] == b { return Pair(first: id, second: other, shape: b) }
      throw .unsupported(
        path: second.comparand.path, operation: "compare with \(first.comparand.path)",
        reason: "input \(first.graph[id].name.escapedForMessage) is \(a) there, and "
          + "\(second.graph[other].name.escapedForMessage) is \(b) here")
    }
  }

  /// A given array, NCHW.
  private mutating func find(
    _ names: [String], _ shape: [Int], _ given: InputArrays, isOnly: Bool
  ) throws(ScaleNetError) -> Tensor {
    guard let array = given.array(for: names, isOnly: isOnly) else {
      throw .invalidOption(
        "input",
        expected:
          "an array for the input \((Set(names).count == 1 ? Array(names.prefix(1)) : names).joined(separator: " or "))",
        found: given.arrays.map(\.name).joined(separator: ", ") + " in \(given.source.escapedForMessage)")
    }
    if [.complex64, .complex128].contains(array.tensor.dataType) {
      throw ScaleNetError(
        path: given.source, place: "array \(array.name.escapedForMessage)", expected: "real numbers",
        found: array.tensor.dataType.rawValue)
    }
    guard let (tensor, fit) = array.tensor.fitted(to: shape.map(Dimension.fixed)) else {
      throw .invalidOption(
        "input", expected: "\(shape)" + (shape.count == 4 ? " (NCHW), or that as NHWC" : ""),
        found: "\(array.tensor.shape.dimensions) in \(given.source)")
    }
    for note in given.notes(on: fit, of: array) where !notes.contains(note) { notes.append(note) }
    return tensor
  }

  /// The layout in which a file takes a tensor.
  private static func layout(of tensor: Tensor, for id: ValueID, of side: Taker) -> String {
    guard tensor.shape.rank == 4 else { return "any" }
    if tensor.shape.dimensions == side.shape(id) { return side.hasChannelsLastFile ? "NHWC" : "NCHW" }
    return "NHWC"
  }

  private mutating func addNotes() {
    for input in batches.first ?? [] {
      if input.layout != input.otherLayout {
        notes.append(
          "input \(input.name.escapedForMessage) is \(input.layout) in the left's file and \(input.otherLayout) in "
            + "the right's: both got the same images, each in its own layout")
      } else if input.layout == "NHWC" {
        notes.append("input \(input.name.escapedForMessage) is NHWC in the file")
      }
    }
  }
}
