import ScaleNetKit
import TestSupport
import Testing

/// What a program that imports the kit and nothing else writes. Expected numbers are those of the published
/// implementation, from `fixtures/tiny`.
@Suite struct ModelTests {
  private func array(_ name: String) throws -> Tensor {
    try #require(InputArrays.readBatch([Fixtures.path("tiny/\(name)")]).arrays.first?.tensor)
  }

  private func isClose(_ found: Tensor?, _ expected: Tensor, within limit: Float = 1e-5) throws -> Bool {
    let a = try #require(found).floats()
    let b = try expected.floats()
    let largest = b.map(abs).max() ?? 0
    return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= limit * largest }
  }

  @Test func runsACheckpointOnAnArrayInMemory() throws {
    let model = try Model.open(Fixtures.path("tiny/tiny.pth"))
    let image = try array("input_1x3x224x224.npy")
    let outputs: [String: Tensor] = try model.run(["input": image])
    #expect(outputs.keys.sorted() == ["output"])
    #expect(try isClose(outputs["output"], try array("output_1x3x224x224.npy")))
  }

  @Test func aSessionPlansOnceAndRunsAnyBatch() throws {
    let session = try Model.open(Fixtures.path("tiny/tiny.pth")).session()
    #expect(session.inputs.map(\.name) == ["input"])
    #expect(session.inputs[0].type.description == "float32[batch, 3, 224, 224]")
    #expect(session.outputs.map(\.name) == ["output"])
    let image = try array("input_1x3x224x224.npy")
    let first: [String: Tensor] = try session.run(["input": image])
    let second: [String: Tensor] = try session.run(["input": image])
    #expect(try first["output"]?.floats() == second["output"]?.floats())
    // Three images at once give three times the same row.
    let elements = try image.floats()
    let three = Tensor(elements + elements + elements, shape: [3, 3, 224, 224])
    let rows: [String: Tensor] = try session.run(["input": three])
    let row = try #require(first["output"]).floats()
    #expect(try isClose(rows["output"], Tensor(row + row + row, shape: [3, row.count])))
    #expect(throws: ScaleNetError.self) { () throws in
      let _: [String: Tensor] = try session.run(["image": image])
    }
  }

  @Test func asynchronousRunsAgreeAndAreCancelled() async throws {
    let model = try Model.open(Fixtures.path("tiny/tiny.pth"))
    let image = try array("input_1x3x224x224.npy")
    let outputs: [String: Tensor] = try await model.run(["input": image])
    #expect(try isClose(outputs["output"], try array("output_1x3x224x224.npy")))
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      let _: [String: Tensor] = try await model.run(["input": image])
    }
    task.cancel()
    let result = await task.result
    #expect(throws: ScaleNetError.self) { try result.get() }
    if case .failure(let error as ScaleNetError) = result { #expect(error.kind == .cancelled) }
  }

  @Test func inspectsBlocks() throws {
    let inspection = try Model.open(Fixtures.path("tiny/tiny.pth")).inspect()
    let structure = try Model.open(Fixtures.path("tiny/tiny.pth")).structure()
    #expect(inspection.blocks.map(\.channels) == structure.rows.map(\.channels))
    #expect(inspection.totals.flops == 2 * inspection.totals.macs)
    // What the paper and its repository state for ScaleNet-50 at 224: MACs of convolutions and the final layer.
    let published = try Model.open("arch:scalenet50").inspect()
    #expect(published.totals.macs == 3_818_372_352)
    #expect(published.totals.parameters == 31_483_618)
  }

  @Test func weightsAndGraphsInMemoryAreModels() throws {
    let opened = try Model.open(Fixtures.path("tiny/tiny.pth"))
    let model = try Model(weights: opened.tensors, name: "mine")
    #expect(model.architecture == opened.architecture)
    let graph = try Model(graph: try model.graph(), name: "mine")
    let image = try array("input_1x3x224x224.npy")
    let outputs: [String: Tensor] = try graph.run(["input": image])
    #expect(try isClose(outputs["output"], try array("output_1x3x224x224.npy")))
    // Weights of no known network can be looked at and written, and say why they are no network.
    var other = StateDict()
    other.append("w", Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
    let unknown = try Model(weights: other)
    #expect(unknown.tensors.names == ["w"])
    #expect(throws: ScaleNetError.self) { try unknown.graph() }
  }

  @Test func convertsComparesAndTellsProgress() async throws {
    try await withTemporaryFolder { folder in
      let model = try Model.open(Fixtures.path("tiny/tiny.pth"))
      let phases = Phases()
      let report: ConversionReport = try await model.convert(to: "\(folder)/tiny.onnx") {
        phases.add($0.phase)
      }
      #expect(phases.all == [.building, .writing, .verifying])
      #expect(report.verification.map { $0.largestRelativeError <= $0.tolerance } == true)
      let again: ConversionReport = try await model.convert(to: "\(folder)/tiny.keras")
      #expect(again.outputFormat == "keras")
      let written = try Model.open("\(folder)/tiny.onnx")
      let comparison: DiffReport = try await compare(model, written)
      #expect(comparison.verdict == .match)
      var options = ComparisonOptions()
      options.inputs = [InputArrays(try array("input_1x3x224x224.npy"))]
      let recorded = RecordedOutputs(
        [[NamedTensor(name: "output", tensor: try array("output_1x3x224x224.npy"))]])
      let proof: DiffReport = try await compare(.model(written), .outputs(recorded), options)
      #expect(proof.verdict == .match)
    }
  }

  @Test func cancelledConversionsLeaveNothing() throws {
    try withTemporaryDirectory { folder in
      let model = try Model.open(Fixtures.path("tiny/tiny.pth"))
      for phase in [Progress.Phase.building, .writing, .verifying] {
        do throws(ScaleNetError) {
          let _: ConversionReport = try model.convert(to: "\(folder)/tiny.onnx") { progress in
            if progress.phase == phase { progress.cancel() }
          }
          Issue.record("\(phase): it should have been cancelled")
        } catch {
          #expect(error.kind == .cancelled)
        }
        #expect(try names(in: folder).isEmpty)
      }
    }
  }

  @Test func allocatesAndBenchmarks() throws {
    try withTemporaryDirectory { folder in
      let seed = try Initialization(architecture: "scalenet50-seed", pools: [1, 2], seed: 1, classes: 10)
        .model()
      let allocation: Allocation = try seed.allocate(.macs(3_000_000_000))
      #expect(allocation.channels.macsAfter <= 3_000_000_000)
      #expect(try allocation.model.inspect().totals.macs == allocation.channels.macsAfter)
      var outputs = AllocationOutputs()
      outputs.structurePath = "\(folder)/structure.json"
      try allocation.write(outputs)
      let restored = try Initialization(
        architecture: "scalenet", structurePath: "\(folder)/structure.json", classes: 10)
      #expect(try restored.model().structure() == allocation.structure)
      var options = BenchmarkOptions()
      options.batch = 2
      options.runs = 3
      let counter = Phases()
      let result: BenchmarkResult = try Model.open(Fixtures.path("tiny/tiny.pth")).benchmark(options) {
        counter.add($0.phase)
      }
      #expect(result.runs == 3 && result.batch == 2 && counter.all.count == 3)
      #expect(result.medianSeconds > 0)
    }
  }
}

/// The phases that were told, on whatever thread.
private final class Phases: @unchecked Sendable {
  private(set) var all: [Progress.Phase] = []
  func add(_ phase: Progress.Phase) { all.append(phase) }
}
