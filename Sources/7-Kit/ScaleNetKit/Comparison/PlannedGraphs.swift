import Architectures
import FileIO
import ModelIR

/// The graphs of both sides of a comparison, for one input size and batch.
struct PlannedGraphs {
  private let options: ComparisonOptions
  private let comparands: [Comparand]
  /// With all extents known; nil for a recording.
  private(set) var left: Graph?
  private(set) var right: Graph?

  init(left: Comparand, right: Comparand, options: ComparisonOptions) throws(ScaleNetError) {
    self.options = options
    comparands = [left, right]
    // Graphs may have been read for the size that is asked for.
    let hasSize = comparands.contains { comparand in
      guard case .model(let model) = comparand, let size = options.graph.inputSize else { return false }
      return (try? model.graph(GraphOptions(inputSize: size))) != nil
    }
    let option = options.graph.given.first { $0 != "inputSize" || !hasSize }
    if let option, !left.isWeights, !right.isWeights {
      throw .invalidOption(
        option, expected: "weights to make a graph of on one side", found: "graphs or recorded outputs")
    }
    let first = try graph(left, other: right)
    let second = try graph(right, other: left)
    let graphs = [first, second].compactMap { $0 }
    let batch = batchSize(graphs)
    if let asked = options.batchSize, asked != batch, !graphs.isEmpty {
      throw .invalidOption(
        "batch", expected: "\(batch), the batch of a graph or a recording that is compared",
        found: "\(asked)")
    }
    self.left = try bind(first, left, batch)
    self.right = try bind(second, right, batch)
  }

  /// How many batches there are: those given, those recorded, or as many as asked for.
  var batchCount: Int {
    if !options.inputs.isEmpty { return options.inputs.count }
    for case .outputs(let recording) in comparands { return recording.batches.count }
    return options.batches ?? 1
  }

  private func bind(
    _ graph: Graph?, _ comparand: Comparand, _ batch: Int
  ) throws(ScaleNetError) -> Graph? {
    guard let graph else { return nil }
    do throws(ScaleNetError) {
      return try graph.binding(batch: batch)
    } catch {
      throw error.inFile(comparand.path)
    }
  }

  /// What open extents become: another graph's fixed batch, the arrays' or the recording's, or as asked for.
  private func batchSize(_ graphs: [Graph]) -> Int {
    for graph in graphs {
      if let id = graph.inputs.first, let fixed = graph[id].type.dimensions.first?.value { return fixed }
    }
    if let shape = options.inputs.first?.arrays.first?.tensor.shape, let extent = shape.dimensions.first {
      // An array without a batch is a batch of one.
      let rank = graphs.first.flatMap { graph in graph.inputs.first.map { graph[$0].type.rank } }
      return shape.rank + 1 == rank ? 1 : max(extent, 1)
    }
    for case .outputs(let recording) in comparands {
      if let shape = recording.batches.first?.first?.tensor.shape, shape.rank > 1 { return max(shape[0], 1) }
    }
    return options.batchSize ?? 1
  }

  private func graph(_ comparand: Comparand, other: Comparand) throws(ScaleNetError) -> Graph? {
    guard case .model(let model) = comparand else { return nil }
    guard case .weights(_, let architecture) = model.content else { return try model.graph() }
    var build = options.graph
    if build.inputSize == nil {
      if case .model(let other) = other, case .graph(let otherModel) = other.content {
        build.inputSize = Self.imageSize(otherModel.graph, channels: architecture.imageChannels)
      } else if let array = options.inputs.first?.arrays.first {
        build.inputSize = Self.size(array.tensor.shape.dimensions, channels: architecture.imageChannels)
      }
    }
    return try model.graph(build)
  }

  /// Height and width of a graph's image.
  private static func imageSize(_ graph: Graph, channels: Int) -> InputSize? {
    guard let id = graph.inputs.first else { return nil }
    return size(graph[id].type.dimensions.map { $0.value ?? 1 }, channels: channels)
  }

  /// Height and width of an array [N, C, H, W] or [N, H, W, C] of so many channels, with or without N.
  private static func size(_ shape: [Int], channels: Int) -> InputSize? {
    if shape.count == 3 { return size([1] + shape, channels: channels) }
    guard shape.count == 4 else { return nil }
    if shape[1] == channels { return InputSize(height: shape[2], width: shape[3]) }
    return shape[3] == channels ? InputSize(height: shape[1], width: shape[2]) : nil
  }
}
