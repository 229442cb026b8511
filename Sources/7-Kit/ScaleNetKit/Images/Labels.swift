public import FileIO
import JSONText

/// The names of a network's classes.
public enum Labels {
  /// Reads the names of classes, in the order of the network's output.
  ///
  /// - Parameter text: `imagenet`, or a file: one name a line, or JSON: a list of names, an object that has a name for
  ///   each number as text (`{"0": "tench"}`, also `{"0": ["n01440764", "tench"]}` as Keras has it), or a configuration
  ///   with such an object as `id2label` or a list as `label_names`.
  /// - Throws: if a number is missing, or the file holds something else.
  public static func read(_ text: String) throws(ScaleNetError) -> [String] {
    if text == "imagenet" { return ImageNet.names }
    let labels: [String]
    let bytes = try SmallFile.bytes(text)
    let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      let json = try SmallFile.json(text)
      do throws(ScaleNetError) { labels = try parse(json) } catch { throw error.inFile(text) }
    } else {
      labels = try SmallFile.lines(text)
    }
    guard !labels.isEmpty else {
      throw .unknownFormat(path: text, expected: "names of classes", found: "none")
    }
    if let index = labels.firstIndex(where: \.isEmpty) {
      throw .unknownFormat(path: text, expected: "a name for each class", found: "none for class \(index)")
    }
    return labels
  }

  /// The names in JSON.
  static func parse(_ json: JSON) throws(ScaleNetError) -> [String] {
    if let labels = json["label_names"] ?? json["id2label"] { return try parse(labels) }
    switch json {
    case .array(let values):
      let names = values.compactMap(\.string)
      guard names.count == values.count else {
        throw ScaleNetError(expected: "a list of names", found: "something else among them")
      }
      return names
    case .object(let members):
      var names = [String?](repeating: nil, count: members.count)
      for member in members {
        // Keras's index has the class's number in WordNet before its name.
        guard let name = member.value.string ?? member.value.array?.last?.string else {
          throw ScaleNetError(
            place: member.key.escapedForMessage, expected: "a name", found: member.value.kind)
        }
        guard let index = Int(member.key), names.indices.contains(index), names[index] == nil else {
          throw ScaleNetError(
            expected: "the numbers 0 to \(members.count - 1) as keys", found: member.key.escapedForMessage)
        }
        names[index] = name
      }
      return names.compactMap { $0 }
    default:
      throw ScaleNetError(expected: "a list or an object of names", found: json.kind)
    }
  }

  /// The names as they stand in a model's metadata.
  static func text(_ labels: [String]) -> String {
    "[" + labels.map(\.quotedForJSON).joined(separator: ", ") + "]"
  }
}
