import Comparison
import Execution
import FileIO
import ModelIR
import Testing

/// A model against outputs that something else recorded.
@Suite struct RecordingTests {
  private func expect(
    _ kind: DiffReport.CauseKind?, _ graph: Graph, _ recorded: [NamedTensor],
    verdict: DiffReport.Verdict = .differ
  ) throws {
    let model = Comparing.side(graph, "model")
    let recording = Comparing.recording(recorded)
    for report in [try Comparing.report(model, recording), try Comparing.report(recording, model)] {
      #expect(report.verdict == verdict)
      #expect(report.cause?.kind == kind, "\(String(describing: report.cause))")
      #expect(report.firstDivergence == nil)
    }
  }

  @Test func agrees() throws {
    let graph = try SmallNetwork().graph
    var outputs = try Comparing.outputs(graph)
    try expect(nil, graph, outputs, verdict: .match)
    // Another name, and extents of 1 more.
    outputs[0].name = "StatefulPartitionedCall:0"
    outputs[0].tensor = try #require(outputs[0].tensor.reshaped([2, 8, 1, 1]))
    try expect(nil, graph, outputs, verdict: .match)
  }

  @Test func swappedInputChannels() throws {
    let graph = try SmallNetwork().graph
    let outputs = try Comparing.outputs(graph) { inputs in
      let image = try #require(inputs["image"])
      let elements = try image.floats()
      let area = 15 * 15
      let swapped = (0..<elements.count).map { index in
        elements[index / (3 * area) * 3 * area + (2 - index / area % 3) * area + index % area]
      }
      return ["image": Tensor(swapped, shape: image.shape)]
    }
    try expect(.swappedInputChannels, graph, outputs)
  }

  @Test(arguments: [true, false])
  func inputLayout(isChannelsLast: Bool) throws {
    let graph = try SmallNetwork().graph
    let outputs = try Comparing.outputs(graph) { inputs in
      let image = try #require(inputs["image"])
      let misread =
        isChannelsLast
        ? Tensor(try image.transposed([0, 2, 3, 1]).floats(), shape: image.shape)
        : Tensor(
          try Tensor(try image.floats(), shape: [2, 15, 15, 3]).transposed([0, 3, 1, 2]).floats(),
          shape: image.shape)
      return ["image": misread]
    }
    try expect(.inputLayout, graph, outputs)
  }

  @Test func missingSoftmax() throws {
    try expect(
      .missingSoftmax, try SmallNetwork().graph,
      try Comparing.outputs(try SmallNetwork(softmax: true).graph).map {
        NamedTensor(name: "fc", tensor: $0.tensor)
      })
  }

  @Test func resizesAndEpsilons() throws {
    let graph = try SmallNetwork().graph
    var other = graph
    for (name, size) in [("upsample", 8), ("upsample2", 7)] {
      other = try other.setting(
        name,
        .resize(Resize(mode: .linear, coordinateTransformation: .alignCorners, extent: .sizes([size, size]))))
    }
    try expect(.alignCorners, graph, try Comparing.outputs(other))
    other = graph
    for name in ["norm1", "norm2", "norm3"] {
      other = try other.setting(name, .batchNormalization(BatchNormalization(epsilon: 1e-3)))
    }
    try expect(.batchNormEpsilon, graph, try Comparing.outputs(other))
  }

  /// What no experiment gives is not guessed at.
  @Test func staysSilent() throws {
    let graph = try SmallNetwork().graph
    let other = try graph.changing("stem.weight") { elements, _ in elements.map { $0 * 1.1 + 0.01 } }
    try expect(nil, graph, try Comparing.outputs(other))
  }

  /// Of outputs of other shapes nothing is compared, and nothing is called the same.
  @Test func otherShapesDiffer() throws {
    let graph = try SmallNetwork().graph
    let outputs = [NamedTensor(name: "fc", tensor: Tensor([Float](repeating: 0, count: 6), shape: [2, 3]))]
    let report = try Comparing.report(Comparing.side(graph, "model"), Comparing.recording(outputs))
    #expect(report.verdict == .differ)
    #expect(report.outputs.first?.otherShape == [2, 3])
    #expect(report.explanation.contains("[2, 8]"))
  }

  /// One class more, for the background.
  @Test(arguments: [true, false])
  func backgroundClass(isFirst: Bool) throws {
    let graph = try SmallNetwork().graph
    let scores = try Comparing.outputs(graph)[0].tensor.floats()
    let wide = (0..<2).flatMap { row -> [Float] in
      let own = Array(scores[row * 8..<row * 8 + 8])
      return isFirst ? [0.5] + own : own + [0.5]
    }
    try expect(
      .backgroundClass, graph, [NamedTensor(name: "fc", tensor: Tensor(wide, shape: [2, 9]))])
  }

  @Test func preprocessing() throws {
    let graph = try SmallNetwork().graph
    let outputs = try Comparing.outputs(graph) { inputs in
      let image = try #require(inputs["image"])
      return ["image": Tensor(try image.floats().map { $0 / 255 }, shape: image.shape)]
    }
    try expect(.preprocessing, graph, outputs)
  }
}
