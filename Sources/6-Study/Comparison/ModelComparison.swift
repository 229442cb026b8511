import Execution
public import FileIO
import ModelIR

/// Compares two models, or a model with recorded outputs, and finds where and why they part.
public struct ModelComparison {
  /// The left, and the right, which is the reference.
  public let left: DiffSubject
  public let right: DiffSubject
  /// Names of graph inputs that are given the same, the left's and the right's.
  public let inputNames: [(left: String, right: String)]
  public let engine: DiffEngine
  public let tolerance: ElementTolerance
  /// Whether intermediate values are reported.
  public var wantsLayers = false
  /// Whether parameters are compared.
  public var wantsWeights = false
  /// The most bytes of intermediate values that are kept at a time.
  public var valueBudget = 512 << 20

  public init(
    left: DiffSubject, right: DiffSubject, inputNames: [(left: String, right: String)], engine: DiffEngine,
    tolerance: ElementTolerance
  ) {
    self.left = left
    self.right = right
    self.inputNames = inputNames
    self.engine = engine
    self.tolerance = tolerance
  }

  /// Runs what is to be run, and compares.
  ///
  /// - Parameters:
  ///   - inputs: what both were given, for the report.
  ///   - notes: sentences to begin the report's notes with.
  ///   - progress: called when a new phase begins.
  public func report(
    inputs: [DiffReport.Input], notes: [String] = [], progress: (DiffPhase) -> Void = { _ in }
  ) throws(ScaleNetError) -> DiffReport {
    progress(.running)
    var outputs = try compareOutputs()
    let isWithin = outputs.pairs.allSatisfy { outputs.accumulators[$0.left]?.isWithinTolerance ?? false }
    let isIdentical = outputs.pairs.allSatisfy { outputs.accumulators[$0.left]?.isIdentical ?? false }
    var report = DiffReport(
      verdict: isWithin ? .match : .differ, explanation: "", kind: isIdentical ? .identical : nil,
      left: left.side, right: right.side, tolerance: tolerance, batches: left.batchCount, inputs: inputs,
      outputs: [], notes: notes + outputs.notes)
    if !isIdentical {
      progress(.runningInDouble)
      try addRounding(to: &outputs, &report)
    }
    report.outputs = outputs.reports
    try addLayersAndCause(to: &report, outputs, progress)
    report.explanation = explanation(of: report)
    return report
  }

  /// Runs a part of the work on one side's graph, so that its errors bear the side's path.
  func on<Result>(
    _ subject: DiffSubject, _ body: () throws(ScaleNetError) -> Result
  ) throws(ScaleNetError) -> Result {
    do throws(ScaleNetError) {
      return try body()
    } catch {
      throw error.inFile(subject.side.path)
    }
  }
}
