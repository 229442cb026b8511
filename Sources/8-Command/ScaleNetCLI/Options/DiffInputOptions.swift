import ArgumentParser
import ScaleNetKit

/// What both sides of a comparison are run on.
struct DiffInputOptions: ParsableArguments {
  @Option(
    name: .customLong("input"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "An array to run on, .npy or .npz, or Polygraphy's inputs; again for another batch, or with names for several inputs.",
      valueName: "[name=]file"), completion: .recording)
  var inputs: [String] = []

  @Option(
    help: ArgumentHelp(
      "Seed of normally distributed inputs, where none are given; 0 by default.", valueName: "n"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Images of each such batch; 1 by default.", valueName: "n"))
  var batch: Int?

  @Option(help: ArgumentHelp("How many such batches; 1 by default.", valueName: "n"))
  var batches: Int?

  @Option(
    help: ArgumentHelp("Write the inputs there, for NumPy, trtexec and Polygraphy.", valueName: "directory"),
    completion: .directory)
  var saveInputs: String?

  func apply(to options: inout ComparisonOptions) throws {
    options.inputs = try InputArrays.read(inputs)
    options.seed = seed
    options.batchSize = batch
    options.batches = batches
  }
}
