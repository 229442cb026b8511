package import FileIO
package import ModelIR

/// Looks at a graph with the rules of a target. Nothing is run, and no runtime is asked: the rules are those that the
/// targets' own documents and sources state.
package struct DeploymentCheck {
  package let target: DeploymentTarget
  /// Versions of the file that was read; nil for weights, and for formats other than ONNX.
  package let file: ONNXVersions?

  package init(_ target: DeploymentTarget, file: ONNXVersions?) {
    self.target = target
    self.file = file
  }

  /// What the rules find in a graph.
  package func findings(in graph: Graph) throws(ScaleNetError) -> [DeploymentReport.Finding] {
    var result: [DeploymentReport.Finding] = []
    if let limits = target.onnx {
      if let file { result += findings(of: file, limits) }
      result += openExtents(in: graph, limits)
    }
    if let rules = target.tensorRT {
      result += rules.types(in: graph)
      for node in graph.nodes { result += try rules.findings(node, in: graph) }
    }
    if target == .onnxRuntime {
      for node in graph.nodes { result += ONNXRuntimeRules.findings(node, in: graph) }
    }
    return result
  }

  /// Versions that the target does not read.
  private func findings(of file: ONNXVersions, _ limits: ONNXLimits) -> [DeploymentReport.Finding] {
    var result: [DeploymentReport.Finding] = []
    if !limits.opsets.contains(file.opset) {
      result.append(
        DeploymentReport.Finding(
          severity: .error, rule: "opset",
          message: "the file has opset \(file.opset); \(target.title) reads \(limits.opsets.lowerBound) to "
            + "\(limits.opsets.upperBound)",
          remedy: "convert it with --for \(target.rawValue), which writes opset \(limits.writtenOpset)",
          source: limits.source))
    }
    if let newest = limits.newestIR, file.ir > newest {
      result.append(
        DeploymentReport.Finding(
          severity: .error, rule: "ir_version",
          message: "the file has IR version \(file.ir); \(target.title) reads up to \(newest)",
          remedy: "convert it with --for \(target.rawValue), which writes IR version \(limits.writtenIR)",
          source: limits.source))
    }
    return result
  }

  /// TensorRT builds for ranges of what is open.
  private func openExtents(in graph: Graph, _ limits: ONNXLimits) -> [DeploymentReport.Finding] {
    guard target.tensorRT != nil else { return [] }
    return graph.inputs.compactMap { id in
      let value = graph[id]
      guard value.type.shape == nil else { return nil }
      let shape = value.type.dimensions.map { $0.value.map(String.init) ?? "1" }.joined(separator: "x")
      return DeploymentReport.Finding(
        severity: .note, rule: "profile", node: value.name,
        message: "input \(value.name) is \(value.type): what is open needs an optimisation profile",
        remedy: "trtexec --minShapes=\(value.name):\(shape) --optShapes=\(value.name):\(shape) "
          + "--maxShapes=\(value.name):\(shape) with your numbers, or convert it with --batch",
        source: "TensorRT's developer guide, Working with Dynamic Shapes")
    }
  }
}
