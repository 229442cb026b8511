import Execution
public import FileIO
import ModelIR
public import Profiling
import RecordingFormat

/// What `profile` is asked for.
public struct ProfileOptions: Sendable {
  /// How a graph is made of weights.
  public var graph = GraphOptions()

  /// A graph as `convert` makes it.
  public init() {}
}

extension Model {
  /// Reads back what `trtexec` tells of an engine that was built from this model: its layers, and how long they took.
  ///
  /// An engine is built from an ONNX file, whose nodes its layers are named after; of weights it is the graph that a
  /// conversion writes, with or without BatchNormalization, whichever has more of these names.
  ///
  /// - Parameters:
  ///   - layers: what `trtexec --exportLayerInfo` wrote.
  ///   - times: what `trtexec --exportProfile` wrote; nil for none.
  ///   - options: how the graph is made.
  /// - Throws: if a file is something else, the graph can't be made or counted, or the engine is of another model.
  public func profile(
    layers: String, times: String? = nil, _ options: ProfileOptions = ProfileOptions()
  ) throws(ScaleNetError) -> ProfileReport {
    let file = try ByteRegion.map(path: layers)
    let engine = try EngineLayers(file)
    let profile = try times.map { (path) throws(ScaleNetError) in
      try EngineProfile(try ByteRegion.map(path: path))
    }
    var best: EngineMatch?
    var failure: ScaleNetError?
    for graph in try profiledGraphs(options.graph) {
      do throws(ScaleNetError) {
        let match = try EngineMatch(engine, profile, graph)
        if match.claimedNodes > best?.claimedNodes ?? 0 { best = match }
      } catch {
        failure = failure ?? error.inFile(layers)
      }
    }
    guard let best else {
      throw failure ?? .unsupported(path: path, operation: "profile it", reason: "it has no nodes")
    }
    var report = try ProfileReport(
      best, model: path, architecture: architecture, layersPath: layers, profilePath: times,
      runs: profile?.runs)
    report.notes += notes
    let known = Set(best.tensorNames)
    if !engine.tensors.isEmpty, !engine.tensors.contains(where: known.contains) {
      report.notes.append(
        "the engine's inputs and outputs (\(engine.tensors.prefix(3).joined(separator: ", "))) have other names than "
          + "the model's")
    }
    try files.checkUnchanged()
    return report
  }

  /// The graphs that the engine may have been built from, with one image.
  private func profiledGraphs(_ options: GraphOptions) throws(ScaleNetError) -> [Graph] {
    let graph = try graph(options)
    do throws(ScaleNetError) {
      guard format != .onnx else { return [try graph.binding(batch: 1)] }
      var graphs: [Graph] = []
      for isFolded in [true, false] {
        var result = graph
        try result.apply([EliminateIdentities(), FoldConstants()])
        if isFolded { try result.apply([FoldBatchNormalization()]) }
        try result.apply([EliminateDeadNodes()])
        graphs.append(try result.binding(batch: 1))
      }
      return graphs
    } catch {
      throw error.inFile(path)
    }
  }
}
