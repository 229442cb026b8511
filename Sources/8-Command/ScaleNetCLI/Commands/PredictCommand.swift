import ArgumentParser
import FileIO
import FoundationEssentials
import Reports
import ScaleNetKit

struct PredictCommand: VerboseCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Say what images show.",
    discussion: """
      Images are JPEG or PNG files, folders of them, and - for one on standard input. They are turned as their Exif data \
      say, resized, cropped and normalised as the model's metadata say or the options do; what nobody says is as \
      torchvision evaluates networks for ImageNet, and a note tells so. An image that cannot be read does not keep the \
      others from their answers; the exit status is 65 then.

      Examples:
        scalenet predict model.onnx photo.jpg
        scalenet predict weights.pth photos --labels imagenet --top 3 --html answers.html
        scalenet predict model.onnx photo.jpg --resize 256 --crop 224 --interpolation bicubic --format json
        curl -s https://example.org/photo.jpg | scalenet predict model.keras -
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, csv }

  @OptionGroup var model: ModelOptions

  @Argument(help: ArgumentHelp("JPEG or PNG files, folders, or -.", valueName: "image"), completion: .image)
  var images: [String]

  @Option(help: ArgumentHelp("How many classes of each image are shown.", valueName: "n"))
  var top = 5

  @OptionGroup(title: "Image Options") var image: ImageArguments

  @Flag(help: "Leave images as they are stored, whatever their Exif data say.")
  var ignoreOrientation = false

  @OptionGroup(title: "Graph Options") var graph: GraphArguments

  @Option(help: "How the answers are printed.")
  var format = Format.text

  @Option(
    help: ArgumentHelp(
      "Write a page with the images and their answers, which needs no network.", valueName: "file"),
    completion: .page)
  var html: String?

  @Flag(help: "Replace existing files.")
  var force = false

  @OptionGroup var messages: MessageOptions

  func run() throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    progress.show("reading")
    let options = try image.options(turningByExif: !ignoreOrientation, graph: graph.options)
    let opened = try Model.open(model.input, model.opening(), forImages: options)
    let classifier = try opened.imageClassifier(options)
    let timer = ProgressTimer(progress, "images")
    let thumbnails = html == nil ? nil : Thumbnails()
    let report = try classifier.predict(images, top: top, thumbnails: thumbnails) { timer.show($0) }
    if let html {
      progress.show("writing")
      let page = PredictionPage(report, thumbnails: report.images.indices.map { thumbnails?[$0] })
      try writeText(page.text, to: html, overwrite: force, inputs: opened.files)
    }
    progress.clear()
    switch format {
    case .text:
      for note in opened.notes + report.notes { StandardError.write("scalenet: note: \(note)\n") }
      try StandardOutput.write(report.text(style))
    case .json: try StandardOutput.write(try report.json())
    case .csv: try StandardOutput.write(report.csv)
    }
    for entry in report.unreadable {
      StandardError.write("scalenet: error: \(entry.image.escapedForMessage): \(entry.error ?? "")\n")
    }
    if !report.unreadable.isEmpty { throw ExitCode(ExitStatus.badInput) }
  }

  private var style: Style {
    Style.detected(isTerminal: StandardOutput.isTerminal, environment: ProcessInfo.processInfo.environment)
  }
}
