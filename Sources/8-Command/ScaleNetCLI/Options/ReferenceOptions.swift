import ArgumentParser
import FileIO
import ScaleNetKit

/// What a model must reproduce, the same in every command that makes a graph of weights.
struct ReferenceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Inputs and outputs recorded where the weights come from, a .npz of arrays named input and output: the graph must reproduce them, or nothing is done.",
      valueName: "file"), completion: .file(extensions: ["npz"]))
  var reference: String?

  /// The recording; nil if none was given.
  func read() throws(ScaleNetError) -> ReferenceRecording? {
    try reference.map { (path) throws(ScaleNetError) in try ReferenceRecording.read(path) }
  }

  /// Holds a model against the recording, and says that it is reproduced.
  func check(_ model: Model, _ options: GraphOptions, threads: Int?) throws(ScaleNetError) {
    guard let recording = try read() else { return }
    let report = try model.check(recording, options, threads: threads)
    StandardError.write("scalenet: note: \(model.path) reproduces \(report.text)\n")
  }
}

extension ReferenceReport {
  /// The file and how near it was met.
  var text: String {
    "\(path) to \(largestRelativeError.scientific) of the largest output (limit \(tolerance.scientific))"
  }
}
