import Architectures
import Comparison
public import FileIO
public import ModelIR

extension Model {
  /// How many times the model's own rounding a recording may be away: another framework's kernels round otherwise.
  private static let roundingFactor = 8.0

  /// Holds the model against a recording: run on its inputs, it must give its outputs.
  ///
  /// The model is run in Double. What was recorded may differ from that by 1e-5 of the largest magnitude, or by eight
  /// times what float32 makes the model itself differ.
  ///
  /// - Parameters:
  ///   - reference: what the framework gave that the weights come from. Weights get a graph for the size of its images.
  ///   - options: how the graph is made.
  ///   - threads: nil for one a processor.
  /// - Throws: an error of the kind `difference` if it does not, with how far it is off, why where that can be told, and
  ///   options with which it does where there are such; others if the recording does not fit.
  public func check(
    _ reference: ReferenceRecording, _ options: GraphOptions = GraphOptions(), threads: Int? = nil
  ) throws(ScaleNetError) -> ReferenceReport {
    let options = recorded(options, reference)
    let report = try compare(with: reference, options, threads)
    if let accepted = Self.accepted(report, reference) { return accepted }
    let settings = try settings(that: reference, options, threads)
    throw .notReproduced(
      path: path, reference: reference.path, reason: Self.reason(report, explains: settings.isEmpty),
      settings: settings)
  }

  /// The options for the recording's own size and batch.
  private func recorded(_ options: GraphOptions, _ reference: ReferenceRecording) -> GraphOptions {
    guard case .weights(_, let architecture) = content else { return GraphOptions() }
    var options = options
    options.batch = nil
    options.inputSize = reference.imageSize(channels: architecture.imageChannels) ?? options.inputSize
    return options
  }

  private func compare(
    with reference: ReferenceRecording, _ options: GraphOptions, _ threads: Int?
  ) throws(ScaleNetError) -> DiffReport {
    let (inputs, outputs) = try reference.arrays(for: try graph(options))
    var comparison = ComparisonOptions()
    comparison.graph = options
    comparison.inputs = [InputArrays(inputs, source: reference.path)]
    comparison.tolerance = .writtenFloat32
    comparison.threads = threads
    return try ComparisonPlan(
      .model(self), .outputs(RecordedOutputs([outputs], name: reference.path)), comparison
    ).report()
  }

  /// What a comparison with a recording shows, if it shows that the model gives it.
  private static func accepted(_ report: DiffReport, _ reference: ReferenceRecording) -> ReferenceReport? {
    var result = ReferenceReport(
      path: reference.path, comparedValues: 0, largestRelativeError: 0,
      tolerance: Tolerance.writtenFloat32.absolute)
    for output in report.outputs {
      guard output.otherShape == nil, !provesNothing(output) else { return nil }
      result.comparedValues += output.metrics.elementCount
      if report.kind == .identical { continue }
      guard let error = output.rounding?.rightError, let own = output.rounding?.leftError else { return nil }
      let limit = max(Tolerance.writtenFloat32.absolute, roundingFactor * own)
      guard error <= limit else { return nil }
      result.largestRelativeError = max(result.largestRelativeError, error)
      result.tolerance = max(result.tolerance, limit)
    }
    return report.outputs.isEmpty ? nil : result
  }

  /// Whether no element of an output can be compared: NaN equals nothing.
  private static func provesNothing(_ output: DiffReport.Output) -> Bool {
    !output.isWithinTolerance && output.metrics.mismatchedCount == 0
  }

  private static func reason(_ report: DiffReport, explains: Bool) -> String {
    if let output = report.outputs.first(where: provesNothing) {
      return "nothing is proved: no element of \(output.name.escapedForMessage) is finite on both sides"
    }
    let worst = report.outputs.compactMap { $0.rounding?.rightError }.max()
    var text = worst.map { "it is off by \($0.scientific) of the largest magnitude" } ?? report.explanation
    if let worst {
      if explains, let cause = report.cause { text += "; \(cause.explanation)" }
      if explains, report.cause == nil, worst < Tolerance.float16.absolute {
        text +=
          "; so little is what TF32 or half types make: record on a processor in float32, or better in Double"
      }
    }
    while text.hasSuffix(".") { text.removeLast() }
    return text
  }
}

// MARK: Which assumption is wrong

extension Model {
  /// How near another choice must come to be looked at closely.
  private static let near = 1e-3

  /// Options with which the recording is reproduced: one if one does, otherwise two; empty if none do.
  private func settings(
    that reference: ReferenceRecording, _ options: GraphOptions, _ threads: Int?
  ) throws(ScaleNetError) -> [ScaleNetError.Setting] {
    guard case .weights = content else { return [] }
    let families = choices(options)
    var candidates: [[Choice]] = families.flatMap { $0.map { [$0] } }
    for (index, family) in families.enumerated() {
      for other in families[(index + 1)...] {
        candidates += family.flatMap { first in other.map { [first, $0] } }
      }
    }
    func values(_ options: GraphOptions) -> [String]? { (try? assumptions(options))?.map(\.value) }
    var tried = Set([values(options)])
    for candidate in candidates {
      var changed = options
      for choice in candidate { choice.set(&changed) }
      // What makes no other graph has been tried.
      guard tried.insert(values(changed)).inserted else { continue }
      guard isNear(reference, changed, threads) else { continue }
      if Self.accepted(try compare(with: reference, changed, threads), reference) != nil {
        return candidate.map { ScaleNetError.Setting(option: $0.option, value: $0.value) }
      }
    }
    return []
  }

  /// One way to make a graph that nobody asked for.
  private struct Choice {
    var option: String
    var value: String
    var set: (inout GraphOptions) -> Void
  }

  /// The choices that are open, by what they are about.
  private func choices(_ options: GraphOptions) -> [[Choice]] {
    var result: [[Choice]] = []
    if options.stridePlacement == nil {
      result.append(
        StridePlacement.allCases.map { value in
          Choice(option: "stridePlacement", value: value.rawValue) { $0.stridePlacement = value }
        })
    }
    if options.activation == nil {
      result.append(
        Activation.allCases.map { value in
          Choice(option: "activation", value: value.rawValue) { $0.activation = value }
        })
    }
    if options.epsilon == nil {
      // Keras's and TensorFlow's, EfficientNet's, and those of Caffe, PyTorch and JAX.
      let usual: [Float] = [1e-3, 1e-4, 2e-5, 1.001e-5, 1e-5, 1e-6, 1e-8]
      result.append(
        usual.map { value in Choice(option: "epsilon", value: "\(value)") { $0.epsilon = value } })
    }
    if options.antiAliasing == nil {
      result.append(
        AntiAliasing.allCases.map { value in
          Choice(option: "antiAliasing", value: value.rawValue) { $0.antiAliasing = value }
        })
    }
    if options.rescalesInput == nil {
      result.append(
        [true, false].map { (value: Bool) in
          Choice(option: "rescalesInput", value: "\(value)") { $0.rescalesInput = value }
        })
    }
    if options.padsLikeTensorFlow == nil {
      result.append(
        [true, false].map { (value: Bool) in
          Choice(option: "padsLikeTensorFlow", value: "\(value)") { $0.padsLikeTensorFlow = value }
        })
    }
    if options.outputStride == nil {
      result.append(
        [8, 16].map { (value: Int) in
          Choice(option: "outputStride", value: String(value)) { $0.outputStride = value }
        })
    }
    return result
  }

  /// Whether a graph of other options comes near the recording in float32. One that can't be made or run is no candidate.
  private func isNear(_ reference: ReferenceRecording, _ options: GraphOptions, _ threads: Int?) -> Bool {
    guard let graph = try? graph(options), let (inputs, outputs) = try? reference.arrays(for: graph),
      let first = graph.inputs.first, let given = inputs[graph[first].name], given.shape.rank == 4
    else { return false }
    let extents = graph[first].type.dimensions.map { $0.value ?? given.shape[0] }
    let image = given.shape.dimensions == extents ? given : given.transposed([0, 3, 1, 2])
    guard image.shape.dimensions == extents,
      let runner = try? GraphRunner(graph, batch: given.shape[0], threads: threads),
      let found = try? runner.run([graph[first].name: image.cast(to: graph[first].type.dataType)])
    else { return false }
    return outputs.allSatisfy { output in
      guard let own = found.first(where: { $0.name == output.name })?.tensor,
        own.shape == output.tensor.shape, let a = try? own.doubles(), let b = try? output.tensor.doubles()
      else { return false }
      let distance = Distance(a, b, .exact)
      return !distance.provesNothing && distance.relativeError <= Self.near
    }
  }
}
