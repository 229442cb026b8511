import Architectures
import Comparison
import Execution
import FileIO
import ModelIR

/// Makes graphs of both sides for one input size and batch, and the inputs that both get.
struct DiffPreparation {
  let left: DiffComparand
  let right: DiffComparand
  let options: DiffOptions

  /// Both sides, ready to be compared.
  struct Result {
    var left: Side
    var right: Side
    var batches: [[ComparisonInput]]
    var notes: [String]
  }

  func run() throws(ScaleNetError) -> Result {
    let graphs = try graphs()
    let inputs = try DiffInputs(
      left: graphs.left.map { DiffInputs.Taker(graph: $0, comparand: left) },
      right: graphs.right.map { DiffInputs.Taker(graph: $0, comparand: right) }, options: options,
      batchCount: batchCount)
    var notes = modelNotes(left) + modelNotes(right) + inputs.notes
    if graphs.left == nil || graphs.right == nil, graphs.left != nil || graphs.right != nil,
      options.inputs.isEmpty
    {
      notes.append(
        "the recorded outputs must have been made of the inputs of seed \(options.seed), which --save-inputs writes"
      )
    }
    return Result(
      left: side(left, graphs.left), right: side(right, graphs.right), batches: inputs.batches, notes: notes)
  }

  private func modelNotes(_ comparand: DiffComparand) -> [String] {
    guard case .model(let model) = comparand else { return [] }
    return model.notes.map { "\(model.path): \($0)" }
  }

  private func side(_ comparand: DiffComparand, _ graph: Graph?) -> Side {
    switch comparand {
    case .model(let model):
      let info = Side.Info(
        path: model.path, format: model.format.rawValue, architecture: model.architecture, isRecording: false)
      guard let graph else { return Side(info: info, content: .recording([])) }
      return Side(info: info, content: .graph(graph))
    case .recording(let recording):
      let info = Side.Info(path: recording.path, format: recording.format, isRecording: true)
      return Side(info: info, content: .recording(recording.batches))
    }
  }

  /// How many batches there are: those given, those recorded, or as many as asked for.
  private var batchCount: Int {
    if !options.inputs.isEmpty { return options.inputs.count }
    for case .recording(let recording) in [left, right] { return recording.batches.count }
    return max(options.batches, 1)
  }

  /// The graphs with all extents known; nil for a recording.
  private func graphs() throws(ScaleNetError) -> (left: Graph?, right: Graph?) {
    if let option = options.graph.given.first, !left.isWeights, !right.isWeights {
      throw .invalidOption(
        option, expected: "weights to make a graph of on one side", found: "graphs or recorded outputs")
    }
    let first = try graph(left, other: right)
    let second = try graph(right, other: left)
    let batch = batchSize([first, second].compactMap { $0 })
    return (try bind(first, left, batch), try bind(second, right, batch))
  }

  private func bind(
    _ graph: Graph?, _ comparand: DiffComparand, _ batch: Int
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
    if let extent = options.inputs.first?.arrays.first?.tensor.shape.dimensions.first {
      return max(extent, 1)
    }
    for case .recording(let recording) in [left, right] {
      if let shape = recording.batches.first?.first?.tensor.shape, shape.rank > 1 { return max(shape[0], 1) }
    }
    return max(options.batchSize, 1)
  }

  private func graph(_ comparand: DiffComparand, other: DiffComparand) throws(ScaleNetError) -> Graph? {
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

  /// Height and width of an array [N, C, H, W] or [N, H, W, C] of so many channels.
  private static func size(_ shape: [Int], channels: Int) -> InputSize? {
    guard shape.count == 4 else { return nil }
    if shape[1] == channels { return InputSize(height: shape[2], width: shape[3]) }
    return shape[3] == channels ? InputSize(height: shape[1], width: shape[2]) : nil
  }
}
