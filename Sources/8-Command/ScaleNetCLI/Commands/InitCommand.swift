import ArgumentParser
import Reports
import ScaleNetKit

struct InitCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a checkpoint with fresh weights.",
    discussion: """
      The weights are those of the published initialisation: convolutions normal with standard deviation \
      sqrt(2 / (k * k * out)), BatchNorm 1 and 0, and with squeeze and \
      excitation 0 and 0 at the end of a block, as in timm. The same seed gives the same file.

      Examples:
        scalenet init scalenet50 -o fresh.pth
        scalenet init scalenet101 --classes 10 --seed 7 -o small.pth
        scalenet init scalenet --structure mine.json -o mine.pth
        scalenet init scalenet50-seed --scales 1,2,4 -o seed.pth
        scalenet init resnet50 -o resnet50.pth
      """)

  @Argument(
    help: ArgumentHelp(
      "\(BuiltInArchitecture.allCases.map(\.name).joined(separator: ", ")), or scalenet with --structure.",
      valueName: "architecture"), completion: .architecture)
  var architecture: String

  @Option(
    help: ArgumentHelp("A structure file instead of the released one.", valueName: "file"),
    completion: .structure)
  var structure: String?

  @Option(
    help: ArgumentHelp(
      "For a seed of an allocation: by how much its scales pool, some of 1,2,4,7.", valueName: "list"))
  var scales: String?

  @Option(help: ArgumentHelp("The random numbers' seed.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Classes of the final layer.", valueName: "n"))
  var classes: Int = 1000

  @Option(
    name: [.short, .long], help: ArgumentHelp("The checkpoint to write.", valueName: "file"),
    completion: .weightsToWrite)
  var output: String

  @Flag(help: "Replace an existing output.")
  var force = false

  @OptionGroup var messages: MessageOptions

  private var pools: [Int]? {
    get throws {
      guard let scales else { return nil }
      let parts = scales.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Int($0) }
      guard numbers.count == parts.count else {
        throw ValidationError("--scales: expected numbers such as 1,2,4,7, found \(scales)")
      }
      return numbers
    }
  }

  /// Other commands write a built-in architecture as arch:NAME.
  private var name: String {
    architecture.hasPrefix("arch:") ? String(architecture.dropFirst(5)) : architecture
  }

  func run() throws {
    let progress = ProgressLine()
    progress.show("initialising \(name)")
    defer { progress.clear() }
    let report = try Initialization(
      architecture: name, structurePath: structure, pools: try pools, seed: seed, classes: classes
    ).write(to: output, overwrite: force)
    progress.clear()
    try StandardOutput.write(
      "\(output == "-" ? "standard output" : output): \(report.architecture), \(report.classes) classes, "
        + "\(report.parameters.grouped) parameters, \(report.bytes.byteText), seed \(seed)\n",
      besides: [output])
  }
}
