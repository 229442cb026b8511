public import FileIO
import Images
import JSONText

extension ImagePreprocessing {
  /// What `--preprocess` takes: `imagenet`, `timm`, a JSON file, or values such as
  /// `mean=0.5,0.5,0.5,std=0.5,0.5,0.5,scale=1/255,interpolation=bicubic`.
  ///
  /// - Throws: if it is none of these, or the file says nothing of images.
  public init(parsing text: String) throws(ScaleNetError) {
    switch text {
    case "imagenet": self = .imageNet
    case "timm": self = .timm
    default:
      // A file that is not there is said to be missing by its ending.
      if FileIdentity.of(path: text) == nil, text.contains("=") || !text.lowercased().hasSuffix(".json") {
        guard text.contains("=") else {
          throw .invalidOption(
            "preprocess", expected: "imagenet, timm, a JSON file, or values such as \(Self.example)",
            found: "\(text.escapedForMessage), which is no file")
        }
        self = try Self.values(text)
      } else {
        self = try Self(file: text)
      }
    }
    try check()
  }

  /// A JSON file that a trained network comes with: timm's `config.json`, or the `preprocessor_config.json` of
  /// Transformers. What else stands in it is of no concern here.
  public init(file path: String) throws(ScaleNetError) {
    let json = try SmallFile.json(path)
    do throws(ScaleNetError) {
      self = try Self(settings: json)
      if isEmpty {
        throw ScaleNetError(
          expected: "mean, std, input_size, interpolation or crop_pct as timm has them, or Transformers' "
            + "image_mean, image_std, size and resample", found: "none of them")
      }
      try check()
    } catch {
      throw error.inFile(path)
    }
  }

  /// What a configuration of timm or Transformers says of images: timm's in `pretrained_cfg`, or at the top as older files
  /// have it.
  init(settings json: JSON) throws(ScaleNetError) {
    let settings = json["pretrained_cfg"] ?? json
    self = try Self(timm: settings).over(Self(timm: json)).over(Self.transformers(settings))
  }

  /// What a training checkpoint says of images beside its weights: the arguments of timm's training (`mean`, `crop_pct` and
  /// so on) and of torchvision's references (`val_resize_size`, `val_crop_size`), at the top or where they are kept. Nil
  /// if it says nothing of them.
  init?(stating facts: [String: String]) throws(ScaleNetError) {
    for prefix in ["", "args.", "pretrained_cfg.", "default_cfg.", "config."] {
      let members = ["mean", "std", "interpolation", "crop_pct", "crop_mode", "input_size"].compactMap {
        (key) -> JSON.Member? in
        // timm's arguments are empty where nobody gave them.
        guard let text = facts[prefix + key], !text.isEmpty else { return nil }
        // What is no JSON is a name, such as bicubic.
        return JSON.Member(key: key, value: (try? JSONParser.parse(Array(text.utf8))) ?? .string(text))
      }
      var stated = try Self(timm: .object(members))
      if let size = facts[prefix + "val_crop_size"].flatMap({ Int($0) }), size > 0 {
        stated.crop = InputSize(height: size, width: size)
        stated.resize = facts[prefix + "val_resize_size"].flatMap { Int($0) }
      }
      // A filter alone may be that of anything.
      guard
        stated.mean != nil || stated.standardDeviation != nil || stated.crop != nil
          || stated.cropPercentage != nil
      else { continue }
      try stated.check()
      self = stated
      return
    }
    return nil
  }

  /// The keys of timm's `pretrained_cfg`.
  init(timm json: JSON) throws(ScaleNetError) {
    self.init()
    mean = try json.stated("mean").map { (value) throws(ScaleNetError) in try Self.numbers(value, "mean") }
    standardDeviation = try json.stated("std").map { (value) throws(ScaleNetError) in
      try Self.numbers(value, "std")
    }
    if let value = json.stated("interpolation") { interpolation = try Self.filter(value) }
    if let value = json.stated("crop_pct") {
      guard let number = value.double else { throw Self.wrong("crop_pct", "a number", value) }
      cropPercentage = number
    }
    if let value = json.stated("crop_mode") {
      guard let mode = value.string.flatMap(Preprocessing.CropMode.init(rawValue:)) else {
        throw Self.wrong("crop_mode", "center, squash or border", value)
      }
      cropMode = mode
    }
    if let value = json.stated("input_size") {
      guard let sides = value.numbers?.compactMap({ Int(exactly: $0) }), sides.count == 3 else {
        throw Self.wrong("input_size", "channels, height and width", value)
      }
      crop = InputSize(height: sides[1], width: sides[2])
    }
    // timm's pixels are from 0 to 1.
    if mean != nil || standardDeviation != nil { divisor = 255 }
  }

  /// The keys of Transformers' image processors.
  private static func transformers(_ json: JSON) throws(ScaleNetError) -> ImagePreprocessing {
    var result = ImagePreprocessing()
    func isOn(_ key: String) -> Bool { json[key]?.bool ?? true }
    if isOn("do_normalize") {
      result.mean = try json.stated("image_mean").map { (value) throws(ScaleNetError) in
        try numbers(value, "image_mean")
      }
      result.standardDeviation = try json.stated("image_std").map { (value) throws(ScaleNetError) in
        try numbers(value, "image_std")
      }
    } else {
      (result.mean, result.standardDeviation) = ([0], [1])
    }
    if let value = json.stated("rescale_factor"), isOn("do_rescale") {
      guard let factor = value.double, factor > 0 else {
        throw wrong("rescale_factor", "a number above 0", value)
      }
      // Written as 0.00392..., which is 1/255 but for the last digits.
      let divisor = 1 / factor
      result.divisor = abs(divisor - divisor.rounded()) < 1e-6 ? divisor.rounded() : divisor
    } else if json["do_rescale"] == .bool(false) {
      result.divisor = 1
    }
    if let value = json.stated("resample") {
      let filters: [Interpolation] = [.nearest, .lanczos, .bilinear, .bicubic, .box, .hamming]
      guard let index = value.integer, filters.indices.contains(index) else {
        throw wrong("resample", "one of Pillow's numbers 0 to 5", value)
      }
      result.interpolation = filters[index]
    }
    if let size = json.stated("size") {
      let cropped = json["do_center_crop"] == .bool(true) ? side(json.stated("crop_size")) : nil
      if let short = size["shortest_edge"]?.integer {
        if let part = json.stated("crop_pct")?.double {
          (result.crop, result.cropPercentage) = (InputSize(height: short, width: short), part)
        } else {
          (result.resize, result.crop) = (short, cropped)
        }
      } else if let exact = side(size) {
        (result.crop, result.cropMode) = (cropped ?? exact, .squash)
        result.cropPercentage = cropped.map { Double($0.height) / Double(exact.height) } ?? 1
      }
    }
    return result
  }

  private static func side(_ json: JSON?) -> InputSize? {
    if let side = json?.integer { return InputSize(height: side, width: side) }
    guard let height = json?["height"]?.integer, let width = json?["width"]?.integer else { return nil }
    return InputSize(height: height, width: width)
  }

  /// `key=value` by commas; a number without a key belongs to the one before it.
  private static func values(_ text: String) throws(ScaleNetError) -> ImagePreprocessing {
    var lists: [(key: String, values: [String])] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if let sign = part.firstIndex(of: "=") {
        lists.append((part[..<sign].trimmed, [part[part.index(after: sign)...].trimmed]))
      } else if !lists.isEmpty {
        lists[lists.count - 1].values.append(part.trimmed)
      } else {
        throw .invalidOption(
          "preprocess", expected: "imagenet, timm or a file alone, or values such as \(example)",
          found: text.escapedForMessage)
      }
    }
    var result = ImagePreprocessing()
    var seen = Set<String>()
    for (key, values) in lists {
      func invalid(_ expected: String) -> ScaleNetError {
        .invalidOption(
          "preprocess", expected: expected,
          found: "\(key)=\(values.joined(separator: ","))".escapedForMessage)
      }
      guard seen.insert(key).inserted else { throw invalid("each of mean, std and so on once") }
      let numbers = values.compactMap(number)
      let isOne = values.count == 1
      switch key {
      case "mean" where numbers.count == values.count: result.mean = numbers
      case "std" where numbers.count == values.count: result.standardDeviation = numbers
      case "scale" where isOne && numbers.count == 1 && numbers[0] > 0:
        let divisor = 1 / numbers[0]
        result.divisor = abs(divisor - divisor.rounded()) < 1e-6 ? divisor.rounded() : divisor
      case "resize" where isOne && Int(values[0]) != nil: result.resize = Int(values[0])
      case "crop" where isOne && InputSize(values[0]) != nil: result.crop = InputSize(values[0])
      case "crop_pct" where isOne && numbers.count == 1: result.cropPercentage = numbers[0]
      case "crop_mode" where isOne && Preprocessing.CropMode(rawValue: values[0]) != nil:
        result.cropMode = Preprocessing.CropMode(rawValue: values[0])
      case "interpolation" where isOne && Interpolation(rawValue: values[0]) != nil:
        result.interpolation = Interpolation(rawValue: values[0])
      case "mean", "std": throw invalid("\(key)= and numbers with commas between, such as \(example)")
      case "scale": throw invalid("scale= and a number above 0, such as 1/255")
      case "resize", "crop", "crop_pct": throw invalid("\(key)= and a number")
      case "crop_mode": throw invalid("crop_mode= and center, squash or border")
      case "interpolation":
        throw invalid("interpolation= and \(Interpolation.allCases.map(\.rawValue).joined(separator: ", "))")
      default:
        throw invalid("mean, std, scale, resize, crop, crop_pct, crop_mode or interpolation before =")
      }
    }
    return result
  }

  private static let example = "mean=0.485,0.456,0.406,std=0.229,0.224,0.225"

  /// A number, or a quotient of two.
  private static func number(_ text: String) -> Double? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    guard let first = parts.first, let numerator = first, numerator.isFinite else { return nil }
    if parts.count == 1 { return numerator }
    guard parts.count == 2, let divisor = parts[1], divisor.isFinite, divisor != 0 else { return nil }
    return numerator / divisor
  }

  private static func numbers(_ json: JSON, _ key: String) throws(ScaleNetError) -> [Double] {
    if let number = json.double { return [number] }
    guard let numbers = json.numbers, numbers.count == 1 || numbers.count == 3 else {
      throw wrong(key, "one number, or one for each of 3 channels", json)
    }
    return numbers
  }

  private static func filter(_ json: JSON) throws(ScaleNetError) -> Interpolation {
    // timm's `random` is of training; evaluation takes bilinear then.
    if json.string == "random" { return .bilinear }
    guard let filter = json.string.flatMap(Interpolation.init(rawValue:)) else {
      throw wrong(
        "interpolation", "one of \(Interpolation.allCases.map(\.rawValue).joined(separator: ", "))", json)
    }
    return filter
  }

  private static func wrong(_ key: String, _ expected: String, _ found: JSON) -> ScaleNetError {
    ScaleNetError(place: key, expected: expected, found: found.kind)
  }
}

extension Substring {
  /// Without space at both ends.
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}

/// Files of settings and lists, which are read as a whole.
enum SmallFile {
  /// More than any list of classes or ground truth takes.
  private static let mostBytes = 256 << 20

  static func bytes(_ path: String) throws(ScaleNetError) -> [UInt8] {
    let file = try ByteRegion.map(path: path)
    guard file.count <= mostBytes else {
      throw .unknownFormat(path: path, expected: "at most \(mostBytes) bytes", found: "\(file.count)")
    }
    let bytes = file.array()
    try file.checkIntact()
    return bytes
  }

  static func json(_ path: String) throws(ScaleNetError) -> JSON {
    do throws(ScaleNetError) { return try JSONParser.parse(try bytes(path)) } catch {
      throw error.inFile(path)
    }
  }

  /// The lines of a UTF-8 text without their ends; no line behind the last end.
  static func lines(_ path: String) throws(ScaleNetError) -> [String] {
    guard let text = String(validating: try bytes(path), as: UTF8.self) else {
      throw .unknownFormat(path: path, expected: "UTF-8 text", found: "other bytes")
    }
    var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }
}
