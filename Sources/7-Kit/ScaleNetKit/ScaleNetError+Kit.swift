import Deployment
import FileIO

extension ScaleNetError {
  /// A file that is none of the formats that were expected.
  static func unknownFormat(path: String, expected: String, found: String) -> ScaleNetError {
    ScaleNetError(path: path, expected: expected, found: found)
  }

  /// Something that can't be done with this input.
  static func unsupported(path: String, operation: String, reason: String) -> ScaleNetError {
    ScaleNetError(path: path, reason: "cannot \(operation): \(reason)")
  }

  /// What was written, read back, is not what was meant. Nothing was left at the target.
  static func verificationFailed(path: String, problems: [String]) -> ScaleNetError {
    ScaleNetError(
      .difference, path: path, title: "verification failed, nothing was written", problems: problems)
  }

  /// A graph that a target would refuse. Nothing was written.
  static func notDeployable(
    path: String, target: DeploymentTarget, findings: [DeploymentReport.Finding]
  ) -> ScaleNetError {
    ScaleNetError(
      .difference, path: path, title: "\(target.title) would not take it, nothing was written",
      problems: findings.map { finding in
        let place =
          finding.node.map { "\($0.escapedForMessage)\(finding.op.map { " (\($0))" } ?? ""): " } ?? ""
        return place + "\(finding.message); \(finding.remedy)"
      })
  }

  /// A model does not give what was recorded of the network that it should be.
  static func notReproduced(
    path: String, reference: String, reason: String, settings: [Setting]
  ) -> ScaleNetError {
    let error = ScaleNetError(
      .difference, path: path,
      reason:
        "the reference \(reference.escapedForMessage) is not reproduced, so nothing was made of it: \(reason)"
    )
    return settings.isEmpty ? error : error.advising(.choose(settings))
  }

  /// The elements of a stored tensor can't be read.
  static func tensor(path: String, name: String, _ error: ScaleNetError) -> ScaleNetError {
    error.within("tensor \(name.escapedForMessage)").inFile(path)
  }

  /// Extents are open that MACs and shapes depend on.
  static func openSize(_ extents: [String], path: String, because reason: String? = nil) -> ScaleNetError {
    let names = extents.map(\.escapedForMessage).joined(separator: ", ")
    return ScaleNetError(
      path: path,
      reason: "open extents that MACs and shapes depend on: \(names)" + (reason.map { " (\($0))" } ?? "")
    ).advising(.setInputSize(example: "224"))
  }
}
