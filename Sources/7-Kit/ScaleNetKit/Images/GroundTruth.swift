import FileIO
import JSONText

/// What the numbers of a ground truth count.
public enum GroundTruthNumbers: String, Sendable, CaseIterable {
  /// Classes in the order of the network's output, from 0 on.
  case classes
  /// ILSVRC's own numbers, from 1 on, as its development kit has them.
  case devkit
}

/// A file that says what images of a folder show.
struct GroundTruth {
  /// What a line says.
  private struct Line {
    /// The image; nil where the order of lines is that of the images.
    var image: String?
    var classes: [Int]
  }

  private let path: String
  private let lines: [Line]
  private let classCount: Int

  /// Reads `name class` by lines, a class a line in the order of the images' names, or JSON: a list in that order, or an
  /// object by names, whose values are one class or a list of all that are right. A class is a number, one of WordNet's
  /// (`n01440764`) for ImageNet's 1,000, or a name of the network's labels.
  ///
  /// - Parameter numbers: nil for the kit's numbers in a file of its name (`ILSVRC2012_validation_ground_truth.txt`), and
  ///   classes in others.
  init(
    _ path: String, numbers: GroundTruthNumbers?, labels: [String]?, classCount: Int
  ) throws(ScaleNetError) {
    self.path = path
    self.classCount = classCount
    let fileName = path.split(separator: "/").last.map(String.init) ?? path
    let isKit = fileName.hasPrefix("ILSVRC2012_validation_ground_truth") || fileName.hasPrefix("ILSVRC2010")
    let numbers = numbers ?? (isKit ? .devkit : .classes)
    if numbers == .devkit, classCount != ImageNet.names.count {
      throw .invalidOption(
        "numbers", expected: "a network of ImageNet's 1000 classes", found: "one of \(classCount)")
    }
    var names: [String: Int] = [:]
    for (index, label) in (labels ?? []).enumerated() { names[label] = index }
    func index(_ text: String) -> Int? {
      if let number = Int(text) {
        switch numbers {
        case .classes: return (0..<classCount).contains(number) ? number : nil
        case .devkit:
          return (1...ImageNet.names.count).contains(number)
            ? ImageNet.developmentKitClasses[number - 1] : nil
        }
      }
      if classCount == ImageNet.names.count, let index = ImageNet.classIndex(wordNetID: text) { return index }
      return names[text]
    }
    func wrong(_ place: String, _ found: String) -> ScaleNetError {
      let kind = numbers == .devkit ? "1 to 1000" : "0 to \(classCount - 1)"
      return ScaleNetError(
        path: path, place: place, expected: "a class: \(kind), or its name", found: found.escapedForMessage)
    }
    var lines: [Line] = []
    let bytes = try SmallFile.bytes(path)
    let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
      func classes(_ json: JSON, _ place: String) throws(ScaleNetError) -> [Int] {
        var result: [Int] = []
        for value in json.array ?? [json] {
          let text = value.integer.map(String.init) ?? value.string
          guard let text, let index = index(text) else { throw wrong(place, value.kind) }
          result.append(index)
        }
        return result
      }
      switch try SmallFile.json(path) {
      case .array(let values):
        for (number, value) in values.enumerated() {
          lines.append(Line(image: nil, classes: try classes(value, "element \(number)")))
        }
      case .object(let members):
        for member in members {
          lines.append(Line(image: member.key, classes: try classes(member.value, member.key)))
        }
      default: throw wrong("JSON", "something else than a list or an object")
      }
    } else {
      for (number, text) in try SmallFile.lines(path).enumerated() where !text.allSatisfy(\.isWhitespace) {
        let place = "line \(number + 1)"
        // The class stands behind the last space, unless all of the line is the name of one.
        if let whole = index(text.trimmed) {
          lines.append(Line(image: nil, classes: [whole]))
        } else if let space = text.trimmed.lastIndex(where: { $0 == " " || $0 == "\t" || $0 == "," }) {
          let line = text.trimmed
          let name = String(line[line.index(after: space)...])
          guard let index = index(name) else { throw wrong(place, name) }
          lines.append(Line(image: String(line[..<space]).trimmed, classes: [index]))
        } else {
          throw wrong(place, text)
        }
      }
    }
    guard !lines.isEmpty else {
      throw .unknownFormat(path: path, expected: "the classes of images", found: "none")
    }
    let named = lines.count { $0.image != nil }
    guard named == 0 || named == lines.count else {
      throw .unknownFormat(
        path: path, expected: "names before all classes, or before none",
        found: "names in \(named) of \(lines.count) lines")
    }
    self.lines = lines
  }

  /// The classes of each of these images, and what is to be said of it.
  func classes(
    of files: [String], folder: String
  ) throws(ScaleNetError) -> (images: [(path: String, classes: [Int])], notes: [String]) {
    var result: [(path: String, classes: [Int])] = []
    guard lines[0].image != nil else {
      if files.count == lines.count {
        return (zip(files, lines).map { ($0, $1.classes) }, [])
      }
      // ILSVRC's images have their number in their names.
      for file in files {
        guard let number = Self.number(file), lines.indices.contains(number - 1) else {
          throw .unknownFormat(
            path: path, expected: "a class for each of \(files.count) images of \(folder.escapedForMessage)",
            found: "\(lines.count)")
        }
        result.append((file, lines[number - 1].classes))
      }
      return (
        result, ["\(lines.count - files.count) of \(lines.count) images of the ground truth are not there"]
      )
    }
    var table: [String: [Int]] = [:]
    for line in lines {
      guard let image = line.image else { continue }
      guard table.updateValue(line.classes, forKey: image) == nil else {
        throw .unknownFormat(
          path: path, expected: "each image once", found: "\(image.escapedForMessage) twice")
      }
    }
    // Lists that were made elsewhere have longer paths: `val/a.jpg`, `/data/val/a.jpg`.
    var longer: [String: [String]] = [:]
    for name in table.keys where name.contains("/") {
      longer[Self.last(name), default: []].append(name)
    }
    var missing: [String] = []
    var example: String?
    for file in files {
      let last = Self.last(file)
      // Lists have images with or without their endings.
      let names = [file, last, Self.stem(file), Self.stem(last)]
      if let name = names.first(where: { table[$0] != nil }), let classes = table[name] {
        result.append((file, classes))
        continue
      }
      let ends = (longer[last] ?? []).filter { $0.hasSuffix("/" + file) }
      if ends.count == 1, let classes = table[ends[0]] {
        result.append((file, classes))
        example = example ?? ends[0]
      } else {
        missing.append(file)
      }
    }
    guard missing.isEmpty else {
      let listed = lines[0].image?.escapedForMessage ?? ""
      throw ScaleNetError(
        path: path,
        title:
          "no class for \(missing.count) images of \(folder.escapedForMessage); the list has names such as "
          + listed,
        problems: missing.map(\.escapedForMessage))
    }
    var notes: [String] = []
    if let example {
      notes.append(
        "paths of the ground truth are matched by their ends, such as \(example.escapedForMessage)")
    }
    let rest = table.count - files.count
    if rest > 0 { notes.append("\(rest) of \(table.count) images of the ground truth are not there") }
    return (result, notes)
  }

  /// The last component of a path.
  private static func last(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private static func stem(_ name: String) -> String {
    ImageFiles.isImage(name) ? String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)]) : name
  }

  /// The number in `ILSVRC2012_val_00000001.JPEG`.
  private static func number(_ name: String) -> Int? {
    let digits = stem(name).split(separator: "_").last ?? ""
    return digits.count == 8 && name.contains("_val_") ? Int(digits) : nil
  }
}

extension String {
  /// Without space at both ends.
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
