import Analysis
import Execution
import FileIO
import ModelIR

/// The inputs of a comparison: the same for both sides, in the layout that each side's graph takes.
struct DiffInputs {
  /// A side that is a graph.
  struct Side {
    var graph: Graph
    var comparand: DiffComparand

    /// Extents of an input.
    func shape(_ id: ValueID) -> [Int] { graph[id].type.dimensions.compactMap(\.value) }

    /// Whether the file takes channels last where the graph has them first.
    var hasChannelsLastFile: Bool {
      guard case .model(let opened) = comparand, case .graph(let model) = opened.content else { return false }
      return model.isChannelsLast
    }
  }

  private(set) var names: [(left: String, right: String)] = []
  private(set) var reports: [DiffReport.Input] = []
  private(set) var batches: [DiffBatch] = []
  /// What each graph is given, by batch.
  private(set) var left: [[String: Tensor]] = []
  private(set) var right: [[String: Tensor]] = []
  private(set) var notes: [String] = []

  init(left: Side?, right: Side?, options: DiffOptions, batchCount: Int) throws(ScaleNetError) {
    guard let first = left ?? right else { return }
    let second = left != nil ? right : nil
    let pairs = try Self.pairs(first, second)
    var random = RandomSource(seed: options.seed)
    for batch in 0..<batchCount {
      var inputs: [DiffBatch.Input] = []
      var (firsts, seconds): ([String: Tensor], [String: Tensor]) = ([:], [:])
      for pair in pairs {
        let tensor: Tensor
        if options.inputs.isEmpty {
          let count = pair.shape.reduce(1, *)
          tensor = Tensor(random.normals(count), shape: TensorShape(pair.shape))
        } else {
          let names =
            [first.graph[pair.first].name] + (pair.second.map { [second?.graph[$0].name ?? ""] } ?? [])
          tensor = try find(names, pair.shape, options.inputs[batch], isOnly: pairs.count == 1)
        }
        let (a, layout) = Self.arranged(tensor, for: pair.first, of: first)
        firsts[first.graph[pair.first].name] = a
        var input = DiffBatch.Input(
          name: first.graph[pair.first].name, otherName: nil, tensor: tensor, layout: layout,
          otherLayout: layout)
        if let second, let id = pair.second {
          let (b, otherLayout) = Self.arranged(tensor, for: id, of: second)
          seconds[second.graph[id].name] = b
          input.otherName = second.graph[id].name
          input.otherLayout = otherLayout
        }
        inputs.append(input)
      }
      if left != nil { self.left.append(firsts) }
      if right != nil { self.right.append(left != nil ? seconds : firsts) }
      batches.append(DiffBatch(inputs: inputs))
    }
    names = pairs.compactMap { pair in
      guard let second, let id = pair.second else { return nil }
      return (first.graph[pair.first].name, second.graph[id].name)
    }
    describe(options)
  }

  /// An input of the first graph, its counterpart, and the shape of both, NCHW where it is an image.
  private struct Pair {
    var first: ValueID
    var second: ValueID?
    var shape: [Int]
  }

  /// Pairs graph inputs: by name where all names agree, otherwise by their order.
  private static func pairs(_ first: Side, _ second: Side?) throws(ScaleNetError) -> [Pair] {
    let ids = first.graph.inputs
    guard let second else { return ids.map { Pair(first: $0, second: nil, shape: first.shape($0)) } }
    let others = second.graph.inputs
    func names(_ side: Side) -> [String] { side.graph.inputs.map { side.graph[$0].name } }
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
    _ names: [String], _ shape: [Int], _ given: DiffOptions.GivenInput, isOnly: Bool
  ) throws(ScaleNetError) -> Tensor {
    let array = given.arrays.first { names.contains($0.name) } ?? (isOnly ? given.arrays.first : nil)
    guard let tensor = array?.tensor else {
      throw .invalidOption(
        "input", expected: "an array for the input \(names.joined(separator: " or "))",
        found: given.arrays.map(\.name).joined(separator: ", "))
    }
    let found = tensor.shape.dimensions
    if found == shape { return tensor }
    if shape.count == 4, found == [shape[0], shape[2], shape[3], shape[1]] {
      let note = "\(given.source) is read as NHWC"
      if !notes.contains(note) { notes.append(note) }
      return tensor.transposed([0, 3, 1, 2])
    }
    throw .invalidOption(
      "input", expected: "\(shape)" + (shape.count == 4 ? " (NCHW), or that as NHWC" : ""),
      found: "\(found) in \(given.source)")
  }

  /// A tensor as a graph's input takes it, and the layout of the file.
  private static func arranged(_ tensor: Tensor, for id: ValueID, of side: Side) -> (Tensor, String) {
    let type = side.graph[id].type
    let cast = tensor.dataType == type.dataType ? tensor : tensor.cast(to: type.dataType)
    guard tensor.shape.rank == 4 else { return (cast, "any") }
    if tensor.shape.dimensions == side.shape(id) { return (cast, side.hasChannelsLastFile ? "NHWC" : "NCHW") }
    return (cast.transposed([0, 2, 3, 1]), "NHWC")
  }

  private mutating func describe(_ options: DiffOptions) {
    let source =
      options.inputs.isEmpty ? "seed \(options.seed)" : options.inputs.map(\.source).joined(separator: ", ")
    for input in batches.first?.inputs ?? [] {
      reports.append(
        DiffReport.Input(
          name: input.name, otherName: input.otherName, shape: input.tensor.shape.dimensions, source: source,
          layout: input.layout, otherLayout: input.otherLayout))
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
