public import Deployment
import Execution
import FileIO
import KerasFormat
import ModelIR

/// What `check` is asked for.
public struct DeploymentOptions: Sendable {
  /// How a graph is made of weights.
  public var graph = GraphOptions()

  /// A graph as `convert` makes it.
  public init() {}
}

extension Model {
  /// Looks for what stands between the model and a target, by rules that are kept as tables here; nothing is run, and no
  /// runtime is asked. Of an ONNX file it is the file's own graph, of everything else the graph that a conversion would
  /// write.
  ///
  /// - Throws: if the graph can't be made; that the target refuses it is no error, but the report's verdict.
  public func check(
    for target: DeploymentTarget, _ options: DeploymentOptions = DeploymentOptions()
  ) throws(ScaleNetError) -> DeploymentReport {
    var versions: ONNXVersions?
    if format == .onnx, case .graph(let stored) = content { versions = stored.versions }
    var graph = try graph(options.graph)
    do throws(ScaleNetError) {
      if versions == nil || target.onnx == nil {
        try graph.apply([
          EliminateIdentities(), FoldConstants(), FoldBatchNormalization(), EliminateDeadNodes(),
        ])
      }
      return try graph.check(for: target, model: path, versions: versions)
    } catch {
      throw error.inFile(path)
    }
  }
}

extension Graph {
  /// What the rules of a target, or the writer of files for it, find.
  fileprivate func check(
    for target: DeploymentTarget, model: String, versions: ONNXVersions?
  ) throws(ScaleNetError) -> DeploymentReport {
    var findings = try DeploymentCheck(target, file: versions).findings(in: self)
    if target.onnx == nil { findings += kerasFindings() }
    return DeploymentReport(model: model, target: target, checkedNodes: nodes.count, findings: findings)
  }

  /// What Keras's layers cannot say: the first thing that the writer of Keras files stops at.
  private func kerasFindings() -> [DeploymentReport.Finding] {
    do throws(ScaleNetError) {
      _ = try KerasWriter(
        StoredModel(graph: self), path: "",
        options: KerasWriter.Options(container: .hdf5, dataFormat: .channelsLast))
      return []
    } catch {
      return [
        DeploymentReport.Finding(
          severity: .error, rule: "layer", node: error.places.first, message: "\(error)",
          remedy: "deploy it as ONNX", source: "the layers of Keras 2 and 3 that hold no code")
      ]
    }
  }

  /// Fails if a target would not take the graph.
  func requireDeployable(on target: DeploymentTarget, path: String) throws(ScaleNetError) {
    let errors = try check(for: target, model: path, versions: nil).findings.filter { $0.severity == .error }
    guard errors.isEmpty else { throw .notDeployable(path: path, target: target, findings: errors) }
  }
}

extension ConversionOptions {
  /// The options with what the target decides: format, opset and version of the file format.
  func aimed(_ path: String) throws(ScaleNetError) -> ConversionOptions {
    guard let target else { return self }
    var result = self
    let own: FileFormat = target.onnx == nil ? .keras : .onnx
    result.format = format ?? FileFormat.forExtension(of: path) ?? own
    guard result.format == own else {
      throw .invalidOption(
        "for", expected: "a target that reads \(result.format?.displayName ?? "") files",
        found: target.rawValue)
    }
    guard let limits = target.onnx else { return result }
    if let opset = onnx.opset, !limits.opsets.contains(opset) {
      throw .invalidOption(
        "opset", expected: "\(limits.opsets.lowerBound) to \(limits.opsets.upperBound) for \(target.title)",
        found: "\(opset)")
    }
    if let newest = limits.newestIR, let version = onnx.irVersion, version > newest {
      throw .invalidOption(
        "irVersion", expected: "at most \(newest) for \(target.title)", found: "\(version)")
    }
    if onnx.opset == nil {
      result.onnx.opset = limits.writtenOpset
      result.onnx.irVersion = onnx.irVersion ?? limits.writtenIR
    }
    return result
  }
}
