import ArgumentParser
import ScaleNetKit

struct StructureCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "structure",
    abstract: "Recover the structure JSON from weights.",
    discussion: """
      Prints one row for each block, [c1, c2, c4, c7, side]: the channels at scales 1, 2, 4 and 7, and the feature \
      size for an input of 224.

      Examples:
        scalenet structure weights.pth
        scalenet structure weights.pth -o structure.json
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    name: [.short, .long], help: ArgumentHelp("Write here instead of to standard output.", valueName: "file"),
    completion: .structure)
  var output: String?

  @Flag(help: "Replace an existing output.")
  var force = false

  @OptionGroup var messages: MessageOptions

  func run() throws {
    let opened = try model.open()
    let json = try opened.structure().json + "\n"
    guard let output, output != "-" else {
      try StandardOutput.write(json)
      return
    }
    try writeText(json, to: output, overwrite: force, inputs: opened.files)
    try StandardOutput.write("\(output): structure of \(opened.architecture)\n")
  }
}
