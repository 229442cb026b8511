import ArgumentParser
import FileIO
import FoundationEssentials
import Reports
import ScaleNetKit

struct EvalCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Count how often a model is right on images that are known.",
    discussion: """
      The images stand in a folder for each class, or with --ground-truth in any folder. Folders are those of WordNet \
      (n01440764) for ImageNet's 1000 classes, the model's labels, or one for each class in the order of their names, as \
      in torchvision; --class-map says it otherwise. Ground truth is a list of names and classes (val.txt), a class a line \
      in the order of the images (ILSVRC's own numbers in its development kit), or JSON (imagenet_real). Images that \
      cannot be read are counted and named, and the exit status is 65 then.

      With --shard 2/8 every eighth image is looked at, from the second on; --merge adds the reports of all shards up, to \
      exactly that of the whole. --resume keeps what was counted in a file, so that an evaluation that was interrupted \
      goes on where it was.

      Examples:
        scalenet eval model.onnx imagenet/val
        scalenet eval model.onnx images --ground-truth val.txt --format json
        scalenet eval weights.pth imagenet/val --shard 1/8 --resume shard-1.json
        scalenet eval --merge shard-*.json --format csv
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, csv }

  @Argument(
    help: ArgumentHelp(
      "A model and a folder of images; with --merge the reports of shards.", valueName: "model directory"),
    completion: .model)
  var inputs: [String]

  @Flag(help: "Add reports of shards up instead of evaluating.")
  var merge = false

  @Option(
    help: ArgumentHelp("What the images show, where they are not in folders by class.", valueName: "file"),
    completion: .file())
  var groundTruth: String?

  @Option(
    help:
      "What numbers of the ground truth count: classes from 0, or ILSVRC's own from 1; its name tells by default."
  )
  var numbers: GroundTruthNumbers?

  @Option(
    help: ArgumentHelp("Names of the classes' folders, one a line in the model's order.", valueName: "file"),
    completion: .file())
  var classMap: String?

  @Option(help: ArgumentHelp("Only every nth image, from the ith on.", valueName: "i/n"))
  var shard: String?

  @Option(
    help: ArgumentHelp("Keep what was counted in this file, and go on from it.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var resume: String?

  @Option(help: ArgumentHelp("Where the state dict stands in the checkpoint.", valueName: "key"))
  var key: String?

  @Option(
    help: ArgumentHelp("Check the weights against this structure file.", valueName: "file"),
    completion: .structure)
  var structure: String?

  @OptionGroup(title: "Image Options") var image: ImageArguments

  @Flag(help: "Turn images as their Exif data say, which neither torchvision nor timm does.")
  var applyOrientation = false

  @OptionGroup(title: "Graph Options") var graph: GraphArguments

  @Option(help: "How the report is printed.")
  var format = Format.text

  @Flag(help: "A row for every class, and every image that could not be read.")
  var perClass = false

  @Option(
    help: ArgumentHelp("Write a file of timm's columns too.", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var csv: String?

  @Flag(help: "Replace existing files.")
  var force = false

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    if merge {
      for (option, isGiven) in [
        ("ground-truth", groundTruth != nil), ("class-map", classMap != nil), ("shard", shard != nil),
        ("resume", resume != nil), ("numbers", numbers != nil),
      ] where isGiven {
        throw ValidationError("--\(option): expected without --merge")
      }
    } else if inputs.count != 2 {
      throw ValidationError("expected a model and a folder of images, found \(inputs.count) arguments")
    }
  }

  func run() throws {
    let report: EvaluationReport
    if merge {
      report = try EvaluationReport.merge(inputs)
    } else {
      report = try evaluate()
    }
    if let csv { try writeText(report.csv, to: csv, overwrite: force) }
    switch format {
    case .text: try StandardOutput.write(report.text(style, isPerClass: perClass))
    case .json: try StandardOutput.write(try report.json())
    case .csv: try StandardOutput.write(report.csv)
    }
    if !report.unreadable.isEmpty { throw ExitCode(ExitStatus.badInput) }
  }

  private func evaluate() throws -> EvaluationReport {
    let progress = ProgressLine()
    defer { progress.clear() }
    progress.show("reading")
    var options = EvaluationOptions()
    options.images = try image.options(turningByExif: applyOrientation, graph: graph.options)
    options.groundTruth = groundTruth
    options.numbers = numbers
    options.classMap = classMap
    options.resume = resume
    options.shard = try shard.map(Self.shard)
    let opening = OpeningOptions(key: key, structurePath: structure)
    let model = try Model.open(inputs[0], opening, forImages: options.images)
    let classifier = try model.imageClassifier(options.images)
    let timer = ProgressTimer(progress, "images")
    let (report, notes) = try classifier.evaluate(inputs[1], options) { timer.show($0) }
    progress.clear()
    for note in model.notes + notes { StandardError.write("scalenet: note: \(note)\n") }
    if let speed = timer.speed {
      StandardError.write("scalenet: note: \(speed.rounded(toPlaces: 1)) images a second\n")
    }
    return report
  }

  /// `2/8`.
  private static func shard(_ text: String) throws -> EvaluationReport.Shard {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 1,
      (1...count).contains(index)
    else { throw ValidationError("--shard: expected i/n with i from 1 to n, found \(text)") }
    return EvaluationReport.Shard(index: index, count: count)
  }

  private var style: Style {
    Style.detected(isTerminal: StandardOutput.isTerminal, environment: ProcessInfo.processInfo.environment)
  }
}
