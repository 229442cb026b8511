import Comparison

/// Comparisons that the tests look at.
enum DiffSamples {
  static func metrics(_ error: Double?, mismatched: Int) -> TensorMetrics {
    TensorMetrics(
      elementCount: 1000, mismatchedCount: mismatched, maxAbsoluteError: error,
      meanAbsoluteError: error.map { $0 / 4 }, maxRelativeError: error.map { $0 * 10 },
      meanRelativeError: error, rmse: error.map { $0 / 2 },
      cosineSimilarity: 0.99876543212, psnr: error == 0 ? nil : 41.27, largestMagnitude: 12.5,
      worst: error == 0
        ? nil : .init(index: [0, 17], left: 1.100000023841858, right: error == nil ? nil : 1.5),
      ulp: ULPDistribution(
        median: 2, p90: 16, p99: 4096, max: 3_355_443,
        histogram: [.init(upTo: 0, count: 400), .init(upTo: 2, count: 500), .init(upTo: nil, count: 100)]))
  }

  static func layer(
    _ name: String, _ op: String, _ error: Double?, isWithin: Bool = true, other: String? = nil
  ) -> DiffReport.Layer {
    DiffReport.Layer(
      name: name, otherName: other ?? name, op: op, otherOp: op, alignment: other == nil ? .name : .content,
      shape: [1, 64, 56, 56], isWithinTolerance: isWithin, maxAbsoluteError: error, relativeError: error,
      cosineSimilarity: 1, inputError: nil)
  }

  /// A difference with everything in it.
  static let differing = DiffReport(
    verdict: .differ,
    explanation: "1 of 1 outputs differ by up to 0.4, which is not within the tolerance float32.",
    kind: .real,
    left: .init(
      path: "models/weights.pth", format: "pytorch", architecture: "ScaleNet-50", isRecording: false),
    right: .init(path: "model.onnx", format: "onnx", architecture: "main_graph", isRecording: false),
    tolerance: .float32, batches: 2,
    inputs: [
      .init(
        name: "input", otherName: "x", shape: [1, 3, 224, 224], source: "seed 0", layout: "NCHW",
        otherLayout: "NHWC")
    ],
    outputs: [
      .init(
        name: "output", otherName: "logits", shape: [1, 1000], isWithinTolerance: false,
        metrics: metrics(0.4, mismatched: 777), absoluteTolerance: 1.25e-4, topOneAgreement: 0.5,
        topFiveAgreement: 1,
        rounding: .init(leftError: 1.25e-7, rightError: 2.5e-7, doubleError: 0.032))
    ],
    layers: [
      layer("conv1", "Conv", 0), layer("relu", "Relu", 3.2e-8, other: "/relu/Relu"),
      layer(
        "layer1.0.upsample2.3", "Resize", 0.05, isWithin: false, other: "/layer1/layer1.0/upsample2.3/Resize"),
      layer("fc", "Gemm", nil, isWithin: false),
    ],
    unmatched: .init(
      left: [.init(name: "bn1", op: "BatchNormalization", reason: "folded into conv1 on the other side")],
      right: [.init(name: "/Cast", op: "Cast", reason: "no value of this content")]),
    firstDivergence: .init(
      name: "layer1.0.upsample2.3", otherName: "/layer1/layer1.0/upsample2.3/Resize", op: "Resize",
      otherOp: "Resize",
      depth: 14, inputError: 3.2e-8, outputError: 0.05,
      explanation: "Its inputs agree and its output does not."),
    cause: .init(
      kind: .alignCorners, explanation: "The right resizes with align_corners.", node: "layer1.0.upsample2.3",
      confirmed: true),
    weights: [
      .init(
        name: "fc.weight", otherName: "fc.weight_t", shape: [1000, 2048], status: .transposed,
        maxAbsoluteError: 0,
        relativeError: 0, note: "axes 0 and 1 are exchanged"),
      .init(name: "fc.bias", shape: [1000], status: .leftOnly),
      .init(
        name: "conv1.weight", otherName: "conv1.weight", shape: [64, 3, 7, 7], status: .rounded,
        maxAbsoluteError: 1e-8,
        relativeError: 1e-8, note: "folded with bn1"),
    ],
    weightsCompared: 161, notes: ["the left's batch is 1"])

  /// A match of a model and a recording.
  static let matching = DiffReport(
    verdict: .match, explanation: "The outputs agree within the tolerance float16.",
    left: .init(path: "trt.json", format: "trtexec", isRecording: true),
    right: .init(path: "model.onnx", format: "onnx", architecture: "g", isRecording: false),
    tolerance: .float16, batches: 1,
    inputs: [
      .init(name: "input", shape: [1, 8], source: "x.npy", layout: "any", otherLayout: "any")
    ],
    outputs: (0..<4).map { index in
      .init(
        name: "y\(index)", otherName: "y\(index)", shape: [1, 1000], isWithinTolerance: true,
        metrics: metrics(0, mismatched: 0), absoluteTolerance: 0.125)
    })

  /// A comparison in which every name is hostile.
  static var hostile: DiffReport {
    var report = differing
    let name = Samples.hostileName
    report.explanation = name
    report.left.path = name
    report.left.architecture = name
    report.right.path = String(repeating: "x", count: 500)
    report.inputs[0].name = name
    report.inputs[0].source = name
    report.outputs[0].name = name
    for index in report.layers.indices {
      report.layers[index].name = name + "\(index)"
      report.layers[index].otherName = String(repeating: "/layer", count: 40)
    }
    report.unmatched?.left[0].name = name
    report.unmatched?.left[0].reason = name
    report.firstDivergence?.name = name + "2"
    let otherName = report.layers[2].otherName
    report.firstDivergence?.otherName = otherName
    report.firstDivergence?.explanation = name
    report.cause?.explanation = "\(name) \(name)"
    report.cause?.node = name
    report.cause?.tensor = name
    report.weights?[0].name = name
    report.weights?[0].note = name
    report.notes = [name]
    return report
  }
}
