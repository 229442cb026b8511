import Architectures
public import Comparison
import Execution
package import FileIO
import Kernels
import ModelIR
import Reports

/// A comparison that is ready to run: graphs of both sides for one input size and batch, and the inputs that both get.
///
/// `compare` does all of it; a plan of one's own is for who wants to see or save the inputs.
public struct ComparisonPlan: Sendable {
  /// The side that is judged.
  public let left: Comparand
  /// The reference of relative errors.
  public let right: Comparand
  /// What both sides get in each batch; empty for two recordings.
  public let inputs: [[ComparisonInput]]
  let options: ComparisonOptions
  /// Every file that is read, which no output may replace.
  package var files: [ByteRegion] { left.files + right.files + options.inputs.flatMap(\.files) }
  private let sides: (left: Side, right: Side)
  private let notes: [String]

  /// Makes the graphs and the inputs.
  ///
  /// - Throws: if an option is out of range or cannot be followed by either side, or if the sides' inputs differ.
  public init(
    _ left: Comparand, _ right: Comparand, _ options: ComparisonOptions = ComparisonOptions()
  ) throws(ScaleNetError) {
    try options.check()
    for input in options.inputs { try input.checkNoImages() }
    let graphs = try PlannedGraphs(left: left, right: right, options: options)
    let shared = try SharedInputs(
      left: graphs.left.map { SharedInputs.Taker(graph: $0, comparand: left) },
      right: graphs.right.map { SharedInputs.Taker(graph: $0, comparand: right) }, options: options,
      batchCount: graphs.batchCount)
    var notes = left.notes + right.notes + shared.notes
    if graphs.left == nil, graphs.right == nil,
      !options.inputs.isEmpty || options.seed != nil || options.batchSize != nil || options.batches != nil
    {
      notes.append("inputs are for models: two recordings are compared as they are")
    }
    if graphs.left == nil || graphs.right == nil, graphs.left != nil || graphs.right != nil,
      options.inputs.isEmpty
    {
      notes.append(
        "the recorded outputs must have been made of the inputs of seed \(options.seed ?? 0), which are the ones that it saves"
      )
    }
    self.left = left
    self.right = right
    self.options = options
    self.notes = notes
    inputs = shared.batches
    sides = (Self.side(left, graphs.left), Self.side(right, graphs.right))
  }

  private static func side(_ comparand: Comparand, _ graph: Graph?) -> Side {
    switch comparand {
    case .model(let model):
      let info = Side.Info(
        path: model.path, format: model.format.rawValue, architecture: model.architecture, isRecording: false)
      guard let graph else { return Side(info: info, content: .recording([])) }
      return Side(info: info, content: .graph(graph))
    case .outputs(let recording):
      let info = Side.Info(path: recording.path, format: recording.format, isRecording: true)
      var side = Side(info: info, content: .recording(recording.batches))
      side.digits = recording.digits
      return side
    }
  }

  /// Runs what is to be run, and compares.
  ///
  /// - Parameter progress: called when a new phase begins.
  public func report(progress: ProgressHandler? = nil) throws(ScaleNetError) -> DiffReport {
    try report(ProgressReporter(progress))
  }

  /// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind
  /// `cancelled`.
  public func report(progress: ProgressHandler? = nil) async throws(ScaleNetError) -> DiffReport {
    try await detached(progress) { (reporter) throws(ScaleNetError) in try self.report(reporter) }
  }

  /// The report as one HTML page that needs nothing but itself: verdict, cause, both graphs around the first divergence,
  /// the error by depth, and where in the worst tensors the errors lie. Both sides run once more for that.
  ///
  /// - Parameter report: what `report` of this plan gave; with `layers` among the options it shows most.
  public func page(of report: DiffReport) throws(ScaleNetError) -> String {
    try ComparisonPage(report, try comparison().scene(of: report)).text()
  }

  private func report(_ progress: ProgressReporter) throws(ScaleNetError) -> DiffReport {
    let comparison = try comparison()
    do throws(ScaleNetError) {
      return try files.whileUnchanged { () throws(ScaleNetError) in
        let report = try comparison.report(notes: notes) { (phase) throws(ScaleNetError) in
          try progress.report(Progress.Phase(phase))
        }
        try files.checkUnchanged()
        return report
      }
    } catch {
      guard error.kind != .cancelled, error.path == nil else { throw error }
      throw error.within("cannot compare with \(left.path.escapedForMessage)").inFile(right.path)
    }
  }

  private func comparison() throws(ScaleNetError) -> ModelComparison {
    var comparison = ModelComparison(
      left: sides.left, right: sides.right, batches: inputs,
      engine: DiffEngine(
        kernels: try kernelsForThisProcessor(), threads: try GraphRunner.threads(options.threads)),
      tolerance: options.tolerance)
    comparison.wantsLayers = options.layers
    comparison.wantsWeights = options.weights
    comparison.isStrict = options.strict
    return comparison
  }
}

extension Progress.Phase {
  fileprivate init(_ phase: DiffPhase) {
    switch phase {
    case .running: self = .running
    case .runningInDouble: self = .runningInDouble
    case .aligning: self = .aligning
    case .explaining: self = .explaining
    case .comparingWeights: self = .comparingWeights
    case .measuringPrecision: self = .measuringPrecision
    }
  }
}

/// Compares two models, or a model with outputs that something else computed, on the same inputs; and finds where and why
/// they part.
///
/// - Parameters:
///   - left: the side that is judged.
///   - right: the reference of relative errors.
///   - options: the inputs, the tolerance, and what is compared beside the outputs.
///   - progress: called when a new phase begins.
/// - Throws: if a side can't be run or the two have no outputs in common. That they differ is no error, but the verdict of
///   the report.
public func compare(
  _ left: Comparand, _ right: Comparand, _ options: ComparisonOptions = ComparisonOptions(),
  progress: ProgressHandler? = nil
) throws(ScaleNetError) -> DiffReport {
  try ComparisonPlan(left, right, options).report(progress: progress)
}

/// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind `cancelled`.
public func compare(
  _ left: Comparand, _ right: Comparand, _ options: ComparisonOptions = ComparisonOptions(),
  progress: ProgressHandler? = nil
) async throws(ScaleNetError) -> DiffReport {
  try await ComparisonPlan(left, right, options).report(progress: progress)
}

/// Compares two models; see `compare(_:_:_:progress:)` of comparands.
public func compare(
  _ left: Model, _ right: Model, _ options: ComparisonOptions = ComparisonOptions(),
  progress: ProgressHandler? = nil
) throws(ScaleNetError) -> DiffReport {
  try compare(.model(left), .model(right), options, progress: progress)
}

/// The same in an asynchronous task, on a thread of its own; a task that is cancelled gets an error of the kind `cancelled`.
public func compare(
  _ left: Model, _ right: Model, _ options: ComparisonOptions = ComparisonOptions(),
  progress: ProgressHandler? = nil
) async throws(ScaleNetError) -> DiffReport {
  try await compare(.model(left), .model(right), options, progress: progress)
}
