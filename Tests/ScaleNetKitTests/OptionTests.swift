import ScaleNetKit
import TestSupport
import Testing

/// Options are followed or are errors, from the library as from the command, and limits are errors and no traps.
@Suite struct OptionTests {
  private static let weights = Fixtures.path("tiny/tiny.pth")

  private func refusal(_ body: () throws(ScaleNetError) -> Void) -> String {
    do throws(ScaleNetError) {
      try body()
      return "accepted"
    } catch {
      return "\(error.kind.rawValue): \(error)"
    }
  }

  /// Converts under options that must be refused, and returns what is said.
  private func conversion(
    _ source: String = weights, to name: String = "out.onnx", _ change: (inout ConversionOptions) -> Void
  ) throws -> String {
    try withTemporaryDirectory { folder in
      var options = ConversionOptions()
      options.verify = false
      change(&options)
      let said = refusal { () throws(ScaleNetError) in
        let _: ConversionReport = try Model.open(source).convert(to: "\(folder)/\(name)", options)
      }
      let left = try names(in: folder)
      #expect(left.isEmpty || said == "accepted")
      return said.replacing(folder, with: "DIR")
    }
  }

  @Test func limitsAreErrors() throws {
    #expect(
      try conversion { $0.threads = 0 } == "invalidOption: threads: expected 1 to 1024, found 0")
    #expect(
      try conversion { $0.graph.batch = .fixed(-3) } == "invalidOption: batch: expected 1 to 65536, found -3")
    #expect(
      try conversion { $0.graph.inputSize = InputSize(height: 0, width: 224) }
        == "invalidOption: inputSize: expected 1 to 65536, found 0")
    #expect(
      try conversion { $0.onnx.opset = 5 }.hasPrefix("invalidOption: opset: expected 11 to "))
    let model = try Model.open(Self.weights)
    #expect(
      refusal { () throws(ScaleNetError) in
        var options = BenchmarkOptions()
        options.runs = 0
        let _: BenchmarkResult = try model.benchmark(options)
      } == "invalidOption: runs: expected 1 to 1000000, found 0")
    #expect(
      refusal { () throws(ScaleNetError) in _ = try model.session(RunOptions(threads: -1)) }
        == "invalidOption: threads: expected 1 to 1024, found -1")
    #expect(
      refusal { () throws(ScaleNetError) in _ = try Model(builtIn: "scalenet50", classes: -1) }
        == "invalidOption: classes: expected 1 to 1000000, found -1")
    #expect(
      refusal { () throws(ScaleNetError) in
        var options = ComparisonOptions()
        options.batches = 0
        let _: DiffReport = try compare(model, model, options)
      } == "invalidOption: batches: expected 1 to 10000, found 0")
    #expect(
      refusal { () throws(ScaleNetError) in
        var options = ComparisonOptions()
        options.tolerance.relative = .nan
        let _: DiffReport = try compare(model, model, options)
      } == "invalidOption: rtol: expected a number from 0 on, found nan")
  }

  @Test func whatAFormatHasNoRoomForIsRefused() throws {
    #expect(
      try conversion { $0.keras.dataFormat = .channelsLast }
        == "invalidOption: dataFormat: expected a Keras output, found DIR/out.onnx")
    #expect(
      try conversion(to: "out.keras") { $0.onnx.opset = 17 }
        == "invalidOption: opset: expected an ONNX output, found DIR/out.keras")
    #expect(
      try conversion(to: "out.pth") { $0.graph.softmax = true }
        == "invalidOption: softmax: expected an output that holds a graph, found DIR/out.pth")
    #expect(
      try conversion(to: "out.pth") { $0.foldBatchNormalization = true }
        == "invalidOption: foldBatchNormalization: expected an output that holds a graph, found DIR/out.pth")
    #expect(
      try conversion(to: "out.keras") {
        $0.dataType = .float16
        $0.halfIO = true
      } == "invalidOption: halfIO: Keras's mixed_float16 keeps inputs and outputs in float32")
    #expect(
      try conversion { $0.halfIO = true }
        == "invalidOption: halfIO: expected the data type float16 or bfloat16, found float32")
    #expect(
      try conversion { $0.dataType = .int8 }
        == "invalidOption: dataType: expected float32, float16 or bfloat16, found int8")
    #expect(
      try conversion(to: "out.unknown") { _ in }
        == "invalidOption: output: expected a name that ends in .onnx, .h5, .keras, .pth, .safetensors or .npz, "
        + "found DIR/out.unknown; set format")
    #expect(
      try conversion {
        $0.graph.features = true
        $0.graph.outputName = "y"
      } == "invalidOption: outputName: the outputs of features are layer1 to layer4")
  }

  /// A graph of a file with options; the message of what cannot be followed, with the folder cut out.
  private func refused(_ path: String, _ change: (inout GraphOptions) -> Void) -> String {
    var options = GraphOptions()
    change(&options)
    return refusal { () throws(ScaleNetError) in _ = try Model.open(path).graph(options) }
  }

  @Test func whatAGraphCannotFollowIsRefused() throws {
    try withTemporaryDirectory { folder in
      let (path, maps) = ("\(folder)/tiny.onnx", "\(folder)/maps.onnx")
      var options = ConversionOptions()
      options.graph.softmax = true
      let _: ConversionReport = try Model.open(Self.weights).convert(to: path, options)
      options.graph.softmax = false
      options.graph.features = true
      let _: ConversionReport = try Model.open(Self.weights).convert(to: maps, options)
      #expect(
        refused(path) { $0.stridePlacement = .first }
          == "invalidOption: stridePlacement: expected weights to make a graph of, found a graph of its own in \(path)"
      )
      #expect(
        refused(path) { $0.softmax = true }
          == "invalidOption: softmax: the graph in \(path) ends in one already")
      #expect(
        refused(path) { $0.inputSize = InputSize(height: 96, width: 96) }
          == "invalidOption: inputSize: expected 224x224, which the graph in \(path) is made for, found 96x96"
      )
      #expect(
        refused(maps) { $0.outputName = "y" }
          == "invalidOption: outputName: expected one output, found 4 (layer1, layer2, layer3, layer4) in \(maps)"
      )
      #expect(
        refused(maps) { $0.softmax = true }.hasPrefix(
          "invalidOption: softmax: expected one output [batch, classes]"))
      // Its own size is no contradiction.
      #expect(refused(path) { $0.inputSize = .standard } == "accepted")
    }
  }

  @Test func aGraphFollowsOptions() throws {
    try withTemporaryDirectory { folder in
      let path = "\(folder)/tiny.onnx"
      let _: ConversionReport = try Model.open(Self.weights).convert(to: path)
      let model = try Model.open(path)
      var options = GraphOptions()
      options.batch = 3
      options.softmax = true
      options.inputName = "image"
      options.outputName = "probabilities"
      let graph = try model.graph(options)
      #expect(graph.inputs.map { graph[$0].name } == ["image"])
      #expect(graph.outputs.map { graph[$0].name } == ["probabilities"])
      #expect(graph[graph.inputs[0]].type.description == "float32[3, 3, 224, 224]")
      #expect(graph[graph.outputs[0]].type.description == "float32[3, 10]")
      // A fixed batch is opened again.
      options = GraphOptions()
      options.batch = .symbolic("batch")
      let open = try Model(graph: graph, name: "fixed").graph(options)
      #expect(open[open.outputs[0]].type.description == "float32[batch, 10]")
      options = GraphOptions()
      options.features = true
      let maps = try model.graph(options)
      #expect(maps.outputs.map { maps[$0].name } == ["layer1", "layer2", "layer3", "layer4"])
      var elements: [Float] = []
      for index in 0..<3 * 224 * 224 { elements.append(Float(index % 251) / 251 - 0.5) }
      let array = Tensor(elements, shape: [1, 3, 224, 224])
      var run = RunOptions()
      run.graph = options
      let found: [String: Tensor] = try model.run(["input": array], run)
      let expected: [String: Tensor] = try Model.open(Self.weights).run(["input": array], run)
      for name in ["layer1", "layer2", "layer3", "layer4"] {
        let (a, b) = (try #require(try found[name]?.floats()), try #require(try expected[name]?.floats()))
        let largest = b.map(abs).max() ?? 0
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * largest } && largest > 0)
      }
    }
  }

  @Test func ownNamesNeedAGraphAndAnOutputOfWeights() throws {
    #expect(
      try conversion(to: "out.pth") { $0.ownNames = true }.hasPrefix(
        "invalidOption: ownNames: expected a graph, whose weights get other names, found weights in "))
    #expect(
      try conversion { $0.ownNames = true }
        == "invalidOption: ownNames: expected an output that holds weights alone, found DIR/out.onnx")
  }

  @Test func comparesModelsInATask() async throws {
    let model = try Model.open(Self.weights)
    let report: DiffReport = try await compare(model, model)
    #expect(report.verdict == .match)
  }

  @Test func errorsNameFilePlaceAndWhatToDo() throws {
    try withTemporaryDirectory { folder in
      let path = "\(folder)/tiny.onnx"
      let model = try Model.open(Self.weights)
      let _: ConversionReport = try model.convert(to: path)
      let second = refusal { () throws(ScaleNetError) in let _: ConversionReport = try model.convert(to: path)
      }
      #expect(second == "cannotCreate: \(path): already exists; set overwrite to replace it")
      let missing = refusal { () throws(ScaleNetError) in _ = try Model.open("\(folder)/none.pth") }
      #expect(missing == "noInput: \(folder)/none.pth: no such file")
      let small = refusal { () throws(ScaleNetError) in
        _ = try model.graph(GraphOptions(inputSize: InputSize(height: 8, width: 8)))
      }
      #expect(small.hasPrefix("invalidOption: input size 8x8: nothing is left at "))
      #expect(small.contains("; set inputSize to "))
    }
  }

  @Test func aListOfProblemsIsThreeExamplesAndACount() throws {
    var weights = StateDict()
    for entry in try Model.open(Self.weights).tensors.entries where !entry.name.contains("running_mean") {
      weights.append(entry.name, entry.tensor)
    }
    let model = try Model(weights: weights, name: "w.pth")
    guard case .tensors(_, let error) = model.content else {
      Issue.record("weights without running means are no network")
      return
    }
    #expect(error.problems.count > 3)
    let text = "\(error)"
    #expect(text.contains("\(error.problems.count) problems: \(error.problems[0]); "))
    #expect(text.hasSuffix("; and \(error.problems.count - 3) more, which `problems` lists"))
    #expect(error.message(listsAll: true).contains(error.problems[error.problems.count - 1]))
    #expect(!text.contains("\n"))
  }
}
