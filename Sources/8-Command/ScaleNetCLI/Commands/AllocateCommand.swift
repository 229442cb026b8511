import ArgumentParser
import Reports
import ScaleNetKit

struct AllocateCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "allocate",
    abstract: "Allocate channels to scales by the importance that a seed network has learned.",
    discussion: """
      In each block the channels of all scales compete by |gamma| of their BatchNorm, and the top k = ceil(r * planes) \
      stay; r follows from the budget. Budgets are MACs of one image, which the paper calls FLOPs. The seed is a checkpoint, \
      or an ONNX or Keras file that keeps BatchNormalization.

      Examples:
        scalenet init scalenet50-seed -o seed.pth          # then train it
        scalenet allocate seed.pth --macs 3.8G -o structure.json --weights pruned.pth
        scalenet allocate seed.pth --width 1.361 -o structure.json
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: ArgumentHelp("The whole network's MACs at most: 3.8G, 950M, or a number.", valueName: "n"))
  var macs: String?

  @Option(help: ArgumentHelp("r itself.", valueName: "r"))
  var width: Double?

  @Flag(
    name: .customLong("per-block-macs"), help: "Each block takes at most what a ResNet's of its width does.")
  var perBlockMACs = false

  @Option(help: ArgumentHelp("The image that MACs are counted for: 224, or 256x320.", valueName: "size"))
  var inputSize: InputSize?

  @Option(
    name: [.short, .long], help: ArgumentHelp("The structure file to write.", valueName: "file"),
    completion: .structure)
  var output: String?

  @Option(
    help: ArgumentHelp("The pruned checkpoint to write, a start for fine-tuning.", valueName: "file"),
    completion: .weightsToWrite)
  var weights: String?

  @Option(
    help: ArgumentHelp("Draw the channels that stay; .svg or .png.", valueName: "file"), completion: .chart)
  var chart: String?

  @Flag(help: "Replace existing outputs.")
  var force = false

  @OptionGroup var table: TableOptions

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    guard [macs != nil, width != nil, perBlockMACs].count(where: { $0 }) == 1 else {
      throw ValidationError("expected one of --macs, --width and --per-block-macs")
    }
    guard [output, weights, chart].count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("expected one output at most that is standard output")
    }
    try validateChart(chart)
    if let macs, Self.number(macs) == nil {
      throw ValidationError("--macs: expected a number such as 3.8G, 950M or 3818372352, found \(macs)")
    }
  }

  func run() throws {
    var outputs = AllocationOutputs()
    outputs.structurePath = output
    outputs.weightsPath = weights
    outputs.chartPath = chart
    outputs.overwrite = force
    let seed = try model.open()
    try seed.checkOutputs(outputs)
    let result: Allocation = try seed.allocate(target, inputSize: inputSize ?? .standard)
    try result.write(outputs)
    let report = try AllocationTable(result).text(table.chosen)
    if table.chosen == .table {
      for note in result.notes { StandardError.write("scalenet: note: \(note)\n") }
    }
    try StandardOutput.write(report, besides: [output, weights, chart])
  }

  private var target: AllocationTarget {
    if let width { return .width(width) }
    if let number = macs.flatMap(Self.number) { return .macs(number) }
    return .perBlockMACs
  }

  /// A count with an optional K, M or G.
  private static func number(_ text: String) -> Int? {
    let factors: [Character: Double] = ["k": 1e3, "m": 1e6, "g": 1e9]
    var digits = text.lowercased()
    let factor = digits.last.flatMap { factors[$0] } ?? 1
    if factor != 1 { digits.removeLast() }
    guard let value = Double(digits), value > 0, value * factor < 1e18 else { return nil }
    return Int((value * factor).rounded())
  }
}
