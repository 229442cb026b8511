import ArgumentParser
import ScaleNetKit

/// What both sides of a comparison are run on.
struct DiffInputOptions: ParsableArguments {
  @Option(
    name: .customLong("input"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "An array to run on, .npy or .npz, or Polygraphy's inputs; again for another batch, or with names for several inputs.",
      valueName: "[name=]file"))
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
    help: ArgumentHelp("Write the inputs there, for NumPy, trtexec and Polygraphy.", valueName: "directory"))
  var saveInputs: String?

  func validate() throws {
    let drawn = [("--seed", seed != nil), ("--batch", batch != nil), ("--batches", batches != nil)]
    if !inputs.isEmpty, let given = drawn.first(where: \.1) {
      throw ValidationError("\(given.0): expected without --input, which gives the inputs")
    }
    for (name, value, limit) in [("--batch", batch, 65536), ("--batches", batches, 10_000)] {
      if let value, !(1...limit).contains(value) {
        throw ValidationError("\(name): expected 1 to \(limit), found \(value)")
      }
    }
  }

  func apply(to options: inout DiffOptions) throws {
    options.inputs = try DiffOptions.readInputs(inputs)
    options.seed = seed ?? 0
    options.batchSize = batch ?? 1
    options.batches = batches ?? 1
  }
}
