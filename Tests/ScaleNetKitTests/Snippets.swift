import Foundation
import ScaleNetKit
import TestSupport
import Testing

/// The code of the articles and of README.md, word for word, as `.ci/snippets` checks. It runs on a small network under
/// the names that the articles use.
@Suite(.serialized) struct Snippets {
  private let image: Tensor

  init() {
    let pixels: [Float] = (0..<3 * 224 * 224).map { Float($0 % 251) / 125 - 1 }
    image = Tensor(pixels, shape: [1, 3, 224, 224])
  }

  /// Runs a snippet where its files are, and where what it writes goes away again. The directory is the process's; no
  /// other test has paths that begin there.
  private func inFolder(_ body: () throws -> Void) throws {
    let before = FileManager.default.currentDirectoryPath
    try withTemporaryDirectory { folder in
      try prepare(folder)
      #expect(FileManager.default.changeCurrentDirectoryPath(folder))
      defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
      try body()
    }
  }

  private func prepare(_ folder: String) throws {
    for (source, name) in [("tiny.pth", "scalenet50.pth"), ("input_1x3x224x224.npy", "image.npy")] {
      try FileManager.default.copyItem(atPath: Fixtures.path("tiny/" + source), toPath: "\(folder)/\(name)")
    }
  }

  @Test func overview() throws {
    try inFolder {
      let model = try Model.open("scalenet50.pth")
      for block in try model.inspect().blocks { print(block.name, block.channels, block.macs) }
      let logits = try model.run(["input": image])["output"]
      let report = try model.convert(to: "scalenet50.onnx")
      let comparison = try compare(model, Model.open("scalenet50.onnx"))

      #expect(logits?.shape == [1, 10] && report.outputFormat == "onnx" && comparison.verdict == .match)
    }
  }

  @Test func images() throws {
    try inFolder {
      for (index, name) in ["444.jpg", "420.jpg", "grey.jpg", "cmyk.jpg"].enumerated() {
        for folder in 0..<10 {
          let path = "val/class_\(folder)"
          try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
          try FileManager.default.copyItem(
            atPath: Fixtures.path("images/" + name), toPath: "\(path)/\(index).jpg")
        }
      }
      try FileManager.default.copyItem(atPath: Fixtures.path("images/444.jpg"), toPath: "photo.jpg")

      let network = try Model.open("scalenet50.pth")
      let classifier = try network.imageClassifier()
      let answers: PredictionReport = try classifier.predict(["photo.jpg"], top: 3)
      for answer in answers.images[0].classes {
        print(answer.label ?? "class \(answer.index)", answer.probability)
      }

      var options = ConversionOptions()
      options.preprocessing = GraphPreprocessing(.imageNet)
      options.labels = (0..<10).map { "thing \($0)" }
      let written: ConversionReport = try network.convert(to: "bytes.onnx", options)

      var evaluation = EvaluationOptions()
      evaluation.shard = EvaluationReport.Shard(index: 1, count: 2)
      let (half, _): (EvaluationReport, [String]) = try classifier.evaluate("val", evaluation)
      evaluation.shard = EvaluationReport.Shard(index: 2, count: 2)
      let (rest, _): (EvaluationReport, [String]) = try classifier.evaluate("val", evaluation)
      print(half.top1 + rest.top1, "of", half.images + rest.images)

      #expect(answers.images[0].classes.count == 3 && written.inputs[0].contains("uint8"))
      #expect(half.images == 20 && rest.images == 20)
      // Each image stands in every folder once, and is right in one.
      #expect(half.top1 + rest.top1 == 4)
      let opened = try Model.open("bytes.onnx").imageClassifier()
      let again: PredictionReport = try opened.predict(["photo.jpg"], top: 1)
      #expect(again.images[0].classes[0].label == "thing \(answers.images[0].classes[0].index)")
    }
  }

  @Test func converting() throws {
    try inFolder {
      let model = try Model.open("scalenet50.pth")
      let report = try model.convert(to: "scalenet50.onnx")
      print(report.inputs, report.outputs, report.bytes)

      #expect(report.verification?.method == "outputs")
      try convertingWithOptions(model)
      try replacing(model)
    }
  }

  private func convertingWithOptions(_ model: Model) throws {
    var options = ConversionOptions()
    options.graph.inputSize = InputSize(height: 256, width: 320)
    options.graph.batch = 1
    options.dataType = .float16
    options.onnx.opset = 18
    try model.convert(to: "half.onnx", options)

    let half = try Model.open("half.onnx").session()
    #expect(half.inputs.map(\.type.description) == ["float32[1, 3, 256, 320]"])
  }

  private func replacing(_ model: Model) throws {
    do throws(ScaleNetError) {
      try model.convert(to: "scalenet50.onnx")
    } catch {
      guard error.remedy == .allowOverwriting else { throw error }
      var options = ConversionOptions()
      options.overwrite = true
      try model.convert(to: "scalenet50.onnx", options)
    }
  }

  @Test func convertingInATask() async throws {
    let before = FileManager.default.currentDirectoryPath
    let folder = FileManager.default.temporaryDirectory.path + "/scalenet-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(folder)
    #expect(FileManager.default.changeCurrentDirectoryPath(folder))
    defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
    let model = try Model.open("scalenet50.pth")

    let report = try await model.convert(to: "scalenet50.keras") { progress in
      print(progress.phase.rawValue)
    }

    #expect(report.outputFormat == "keras")
  }

  @Test func inspecting() throws {
    try inFolder {
      let model = try Model.open("scalenet50.pth")
      let inspection = try model.inspect()
      for block in inspection.blocks {
        print(block.name, block.featureSize, block.channels, block.macs)
      }
      print(inspection.totals.parameters, inspection.totals.macs, inspection.totals.flops)

      let json = try JSONEncoder().encode(inspection.report)
      #expect(try JSONDecoder().decode(InspectionReport.self, from: json) == inspection.report)

      let larger = try model.inspect(GraphOptions(inputSize: InputSize(height: 256, width: 320)))
      let baseline = try Model.open("arch:resnet50").inspect()
      print(larger.totals.macs, baseline.totals.macs)
      #expect(larger.totals.macs > inspection.totals.macs && baseline.totals.parameters == 25_557_032)

      for entry in model.tensors.entries {
        print(entry.name, entry.tensor.dataType, entry.tensor.shape)
      }
      print(try model.structure().json)
    }
  }

  @Test func comparing() throws {
    try inFolder {
      try Model.open("scalenet50.pth").convert(to: "scalenet50.onnx")
      try comparingTwo()
      try comparingWithOptions(Model.open("scalenet50.pth"), Model.open("scalenet50.onnx"))
      try comparingRecorded(Model.open("scalenet50.pth"))
      try planning(Model.open("scalenet50.pth"), Model.open("scalenet50.onnx"))
    }
  }

  private func comparingTwo() throws {
    let left = try Model.open("scalenet50.pth")
    let right = try Model.open("scalenet50.onnx")
    let comparison = try compare(left, right)
    guard comparison.verdict == .match else {
      print(comparison.explanation)
      return
    }

    #expect(comparison.outputs.count == 1)
  }

  private func comparingWithOptions(_ left: Model, _ right: Model) throws {
    var options = ComparisonOptions()
    options.seed = 7
    options.batches = 2
    options.tolerance = .float16
    options.layers = true
    options.weights = true
    let detailed = try compare(.model(left), .model(right), options)
    for layer in detailed.layers where !layer.isWithinTolerance {
      print(layer.name, layer.relativeError ?? .infinity)
    }

    #expect(detailed.verdict == .match && !detailed.layers.isEmpty)
  }

  private func comparingRecorded(_ model: Model) throws {
    let logits = try #require(model.run(["input": image])["output"])

    var options = ComparisonOptions()
    options.inputs = [InputArrays(["input": image])]
    let recorded = RecordedOutputs([[NamedTensor(name: "output", tensor: logits)]])
    let comparison = try compare(.outputs(recorded), .model(model), options)

    #expect(comparison.verdict == .match)
  }

  private func planning(_ left: Model, _ right: Model) throws {
    let plan = try ComparisonPlan(.model(left), .model(right))
    let saved = try plan.saveInputs(to: "inputs")
    print(saved.commands.joined(separator: "\n"))
    let comparison = try plan.report()

    #expect(comparison.verdict == .match && !saved.files.isEmpty)
  }

  @Test func running() throws {
    try inFolder {
      let model = try Model.open("scalenet50.pth")
      let logits = try runningOnce(model, pixels: image.floats())
      try runningOften(model, images: [image, image])
      try computingInDouble(model, near: logits)
      try runningWeights(model.tensors.entries.map { ($0.name, $0.tensor) }, near: logits)
      try runningFiles(model)
    }
  }

  private func runningOnce(_ model: Model, pixels: [Float]) throws -> [Float] {
    let image = Tensor(pixels, shape: [1, 3, 224, 224])
    let outputs = try model.run(["input": image])
    let scores = try outputs["output"]?.floats()

    return try #require(scores)
  }

  private func runningOften(_ model: Model, images: [Tensor]) throws {
    let session = try model.session()
    print(session.inputs.map { "\($0.name) \($0.type)" })
    for image in images {
      let scores = try session.run(["input": image])["output"]?.floats() ?? []
      print(scores.indices.max { scores[$0] < scores[$1] } ?? 0)
    }
  }

  @Test func proving() throws {
    try inFolder {
      let model = try Model.open("scalenet50.pth")
      try record()
      let reference = try ReferenceRecording.read("reference.npz")
      let shown = try model.check(reference)
      print(shown.largestRelativeError, try model.assumptions().text)

      #expect(shown.comparedValues == 10 && shown.largestRelativeError < shown.tolerance)
      var options = ConversionOptions()
      options.reference = reference
      let report: ConversionReport = try model.convert(to: "proved.onnx", options)
      let assumptions = try model.assumptions()
      #expect(report.reference == shown && report.assumptions == assumptions)
      options.graph.activation = .silu
      options.overwrite = true
      #expect(throws: ScaleNetError.self) {
        let _: ConversionReport = try model.convert(to: "proved.onnx", options)
      }
    }
  }

  /// What the published implementation gave in PyTorch.
  private func record() throws {
    var arrays = StateDict()
    for (name, file) in [("input", "input_1x3x224x224"), ("output", "output_1x3x224x224")] {
      let read = try InputArrays.read([Fixtures.path("tiny/\(file).npy")])
      arrays.append(name, read[0].arrays[0].tensor)
    }
    let _: ConversionReport = try Model(weights: arrays).convert(to: "reference.npz")
  }

  private func computingInDouble(_ model: Model, near logits: [Float]) throws {
    var options = RunOptions()
    options.threads = 1
    options.arithmetic = .reference
    let exact = try model.run(["input": image], options)

    try expectNear(exact["output"], logits)
    try computingByDefault(model, near: logits)
  }

  private func computingByDefault(_ model: Model, near logits: [Float]) throws {
    var options = RunOptions()
    options.arithmetic = .reference
    let exact = try model.run(["input": image], options)

    try expectNear(exact["output"], logits)
  }

  private func runningWeights(_ tensors: [(String, Tensor)], near expected: [Float]) throws {
    var weights = StateDict()
    for (name, tensor) in tensors { weights.append(name, tensor) }
    let model = try Model(weights: weights, name: "trained")
    let logits = try model.run(["input": image])["output"]

    try expectNear(logits, expected)
  }

  private func runningFiles(_ model: Model) throws {
    let inputs = try InputArrays.readBatch(["input=image.npy"])
    let report = try model.run(inputs, to: .file("logits.npy"))
    print(report.outputs.map { "\($0.name) \($0.type) \($0.path)" })

    // What the published implementation computes.
    let found = try #require(InputArrays.readBatch(["logits.npy"]).arrays.first?.tensor)
    let expected = try InputArrays.readBatch([Fixtures.path("tiny/output_1x3x224x224.npy")])
    try expectNear(found, try #require(expected.arrays.first?.tensor).floats())
  }

  private func expectNear(_ found: Tensor?, _ expected: [Float]) throws {
    let found = try #require(found).floats()
    let largest = expected.map(abs).max() ?? 0
    #expect(found.count == expected.count)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
  }
}
