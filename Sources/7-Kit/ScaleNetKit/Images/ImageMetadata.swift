import FileIO
import Images
import JSONText
import ModelIR

/// What a model's metadata say of images: the keys and their values, for all that write and read them.
///
/// `preprocessing` is a JSON object of timm's names: `mean`, `std`, `crop_pct`, `crop_mode`, `interpolation` and
/// `input_size`; `resize` for a size that `crop_pct` can't say, and `divisor` for what bytes are divided by first. If the
/// graph does the arithmetic itself, `in_graph` is an object of `input_type`, `input_layout` and `channel_order`, which
/// tell what its input takes. `labels` is a JSON list of the classes' names. Where `preprocessing` is missing, timm's
/// names are looked for as keys of their own.
struct ImageMetadata: Sendable {
  /// What the input of a graph takes that does the arithmetic itself.
  struct InGraph: Sendable, Hashable {
    var dataType: DataType
    var layout: ImageLayout
    var channelOrder: ChannelOrder
  }

  static let preprocessingKey = "preprocessing"
  static let labelsKey = "labels"
  /// Where the classifiers of PaddleOCR have their names, one a line.
  private static let paddleLabelsKey = "character"

  /// How images are to be brought to the network, be it in the graph or before it.
  var preprocessing = ImagePreprocessing()
  /// nil if the graph leaves the arithmetic to others.
  var inGraph: InGraph?
  /// The names of classes; nil if there are none.
  var labels: [String]?

  init() {}

  /// Reads the metadata of a model.
  init(_ entries: [(key: String, value: String)]) throws(ScaleNetError) {
    func value(_ key: String) throws(ScaleNetError) -> JSON? {
      guard let text = entries.first(where: { $0.key == key })?.value else { return nil }
      do throws(ScaleNetError) { return try JSONParser.parse(Array(text.utf8)) } catch {
        throw error.within("metadata \(key)")
      }
    }
    if let json = try value(Self.labelsKey) {
      do throws(ScaleNetError) { labels = try Labels.parse(json) } catch {
        throw error.within("metadata \(Self.labelsKey)")
      }
    }
    if labels == nil, let lines = entries.first(where: { $0.key == Self.paddleLabelsKey })?.value {
      let names = lines.split(separator: "\n").map(String.init)
      if names.count > 1 { labels = names }
    }
    do throws(ScaleNetError) {
      if let json = try value(Self.preprocessingKey) { try read(json) } else { try readPlain(entries) }
      try preprocessing.check()
    } catch {
      throw error.kind == .invalidOption
        ? ScaleNetError(place: "metadata", expected: error.expected ?? "", found: error.found ?? "") : error
    }
  }

  private mutating func read(_ json: JSON) throws(ScaleNetError) {
    do throws(ScaleNetError) {
      preprocessing = try ImagePreprocessing(timm: json)
      if let value = json["divisor"] {
        guard let number = value.double else {
          throw ScaleNetError(place: "divisor", expected: "a number", found: value.kind)
        }
        preprocessing.divisor = number
      }
      if let value = json["resize"] {
        guard let side = value.integer else {
          throw ScaleNetError(place: "resize", expected: "a whole number", found: value.kind)
        }
        preprocessing.resize = side
      }
      guard let graph = json["in_graph"] else { return }
      guard let type = graph["input_type"]?.string.flatMap(DataType.init(rawValue:)),
        let layout = graph["input_layout"]?.string.flatMap(ImageLayout.init(rawValue:)),
        let order = graph["channel_order"]?.string.flatMap(ChannelOrder.init(rawValue:))
      else {
        throw ScaleNetError(
          place: "in_graph", expected: "input_type, input_layout and channel_order", found: graph.kind)
      }
      inGraph = InGraph(dataType: type, layout: layout, channelOrder: order)
    } catch {
      throw error.within("metadata \(Self.preprocessingKey)")
    }
  }

  /// timm's names as keys of their own, a JSON value or a bare word behind each.
  private mutating func readPlain(_ entries: [(key: String, value: String)]) throws(ScaleNetError) {
    var members: [JSON.Member] = []
    for key in ["mean", "std", "crop_pct", "crop_mode", "interpolation"] {
      guard let text = entries.first(where: { $0.key == key })?.value else { continue }
      // Anybody may have used so plain a word for something else.
      if let value = try? JSONParser.parse(Array(text.utf8)) {
        members.append(JSON.Member(key: key, value: value))
      } else if text.allSatisfy(\.isLetter) {
        members.append(JSON.Member(key: key, value: .string(text)))
      }
    }
    preprocessing = (try? ImagePreprocessing(timm: .object(members))) ?? ImagePreprocessing()
  }

  /// The entries that say it.
  var entries: [(key: String, value: String)] {
    var result: [(key: String, value: String)] = []
    if !preprocessing.isEmpty || inGraph != nil { result.append((Self.preprocessingKey, text)) }
    if let labels { result.append((Self.labelsKey, Labels.text(labels))) }
    return result
  }

  private var text: String {
    var members: [(String, String)] = []
    func list(_ values: [Double]) -> String {
      "[" + values.map { $0.shortText }.joined(separator: ", ") + "]"
    }
    if let inGraph {
      members.append(
        (
          "in_graph",
          "{\"input_type\": \(inGraph.dataType.rawValue.quotedForJSON), \"input_layout\": "
            + "\(inGraph.layout.rawValue.quotedForJSON), \"channel_order\": "
            + "\(inGraph.channelOrder.rawValue.quotedForJSON)}"
        ))
    }
    let stated = preprocessing
    if let value = stated.divisor { members.append(("divisor", value.shortText)) }
    if let values = stated.mean { members.append(("mean", list(values))) }
    if let values = stated.standardDeviation { members.append(("std", list(values))) }
    if let crop = stated.crop { members.append(("input_size", "[3, \(crop.height), \(crop.width)]")) }
    if let resize = stated.resize { members.append(("resize", "\(resize)")) }
    if let part = stated.cropPercentage { members.append(("crop_pct", part.shortText)) }
    if let mode = stated.cropMode { members.append(("crop_mode", mode.rawValue.quotedForJSON)) }
    if let filter = stated.interpolation { members.append(("interpolation", filter.rawValue.quotedForJSON)) }
    return "{" + members.map { "\($0.0.quotedForJSON): \($0.1)" }.joined(separator: ", ") + "}"
  }

  /// One sentence for people; nil if nothing is said of images.
  var summary: String? {
    guard inGraph != nil || !preprocessing.isEmpty else { return nil }
    func list(_ values: [Double]) -> String { values.map { $0.shortText }.joined(separator: ", ") }
    var arithmetic: [String] = []
    if let value = preprocessing.divisor, value != 1 { arithmetic.append("divided by \(value.shortText)") }
    if let values = preprocessing.mean { arithmetic.append("less \(list(values))") }
    if let values = preprocessing.standardDeviation { arithmetic.append("divided by \(list(values))") }
    var geometry: [String] = []
    if let resize = preprocessing.resize { geometry.append("shorter side to \(resize)") }
    if let part = preprocessing.cropPercentage { geometry.append("crop \(part.shortText)") }
    if let mode = preprocessing.cropMode { geometry.append(mode.rawValue) }
    if let filter = preprocessing.interpolation { geometry.append(filter.rawValue) }
    let shape = geometry.isEmpty ? "" : "before it: \(geometry.joined(separator: ", "))"
    let steps = arithmetic.joined(separator: ", ")
    guard let inGraph else {
      return "before the graph: " + (geometry + arithmetic).joined(separator: ", ")
    }
    let input =
      "\(inGraph.dataType.rawValue) \(inGraph.layout.rawValue.uppercased()) \(inGraph.channelOrder.rawValue.uppercased())"
    return "in the graph: \(input)" + (steps.isEmpty ? "" : ", \(steps)")
      + (shape.isEmpty ? "" : "; \(shape)")
  }
}

extension Double {
  /// The number as people write it: whole numbers without a point.
  var shortText: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}

extension Model {
  /// Key and value pairs that the file carries beside the graph.
  var metadata: [(key: String, value: String)] {
    switch content {
    case .graph(let stored): stored.metadata
    case .weights, .tensors: []
    }
  }

  /// What the metadata and a configuration beside the file say of images, of the graph as it is here: a Keras model's
  /// takes floating-point numbers with channels first, whatever its file does.
  func imageMetadata() throws(ScaleNetError) -> ImageMetadata {
    var stated = try statedImageMetadata()
    if let images = configuration?.images { stated.preprocessing = stated.preprocessing.over(images.stated) }
    if format == .keras, let inGraph = stated.inGraph {
      stated.inGraph = ImageMetadata.InGraph(
        dataType: .float32, layout: .nchw, channelOrder: inGraph.channelOrder)
    }
    return stated
  }

  /// What the metadata say of images, of the file.
  func statedImageMetadata() throws(ScaleNetError) -> ImageMetadata {
    do throws(ScaleNetError) { return try ImageMetadata(metadata) } catch { throw error.inFile(path) }
  }
}
