import ModelIR

/// What ONNX Runtime's processor kernels lack; its other providers are not looked at.
///
/// Source: docs/OperatorKernels.md of ONNX Runtime 1.17, the table of CPUExecutionProvider.
enum ONNXRuntimeRules {
  private static let source = "ONNX Runtime 1.17, docs/OperatorKernels.md"

  /// Operators that compute with bfloat16 there; all others have no kernel for it.
  private static let takesBFloat16: Set<String> = [
    "Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten",
  ]

  static func findings(_ node: Node, in graph: Graph) -> [DeploymentReport.Finding] {
    let ids = node.inputs.compactMap { $0 } + node.outputs
    guard !takesBFloat16.contains(node.op.name),
      ids.contains(where: { graph[$0].type.dataType == .bfloat16 })
    else { return [] }
    return [
      DeploymentReport.Finding(
        severity: .error, rule: "type", node: node.name, op: node.op.name,
        message: "no kernel for bfloat16 on processors", remedy: "convert the model to float32 or float16",
        source: source)
    ]
  }
}
