import FileIO
import ScaleNetKit

extension ScaleNetError.Vocabulary {
  /// The words of the command: `inputSize` is `--input-size`.
  static let command = ScaleNetError.Vocabulary(
    option: { name in
      // Arguments that are no options are called what the help calls them.
      ["arch:", "architecture"].contains(name) ? name : "--" + kebabCase(name)
    },
    remedy: { remedy in
      switch remedy {
      case .allowOverwriting: "use --force to replace it"
      case .setInputSize(let example): "give --input-size" + (example.map { " \($0)" } ?? "")
      case .closeExtents: "every extent must be known"
      case .setFormat: "give --to"
      case .keepFloat32: "give --keep-float32 auto"
      case .choose(let settings):
        "with "
          + settings.map { "--\(kebabCase($0.option)) \($0.value)" }.joined(separator: " ")
          + " it is: give that"
      case .choosePrefix(let example): "give --prefix \(example.escapedForMessage) or another"
      case .keepOwnNames: "give --own-names to write them under the graph's names"
      }
    },
    more: " (--verbose lists all)")

  /// `halfIO` as `half-io`.
  private static func kebabCase(_ name: String) -> String {
    var text = ""
    var previous: Character?
    for letter in name {
      if letter.isUppercase, previous?.isUppercase == false { text += "-" }
      text += letter.lowercased()
      previous = letter
    }
    return text
  }
}
