import ArgumentParser
import FileIO

/// Names that are like a wrong one: those that a slip of the finger makes of it, and no others.
enum Suggestions {
  /// The name that is likest; nil where none is like it.
  static func likest(to word: String, among names: [String]) -> String? {
    let limit = max(1, word.count / 4)
    let found = names.map { (name: $0, distance: distance(Array(word), Array($0))) }
      .filter { $0.distance <= limit && $0.distance < $0.name.count }
    return found.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// How many characters are left out, added, exchanged, or swapped with their neighbour (optimal string alignment).
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var previous: [Int] = []
    var current = Array(0...right.count)
    for (row, character) in left.enumerated() {
      let before = previous
      previous = current
      current = [row + 1]
      for (column, other) in right.enumerated() {
        var least = min(
          previous[column + 1] + 1, current[column] + 1, previous[column] + (character == other ? 0 : 1))
        if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
          least = min(least, before[column - 1] + 1)
        }
        current.append(least)
      }
    }
    return current[right.count]
  }

  /// What is said of a first argument that is no command; nil where it is one, or an option.
  static func unknownCommand(in arguments: [String]) -> String? {
    let commands = ScaleNetCommand.configuration.subcommands.map { command in name(of: command) } + ["help"]
    guard let first = arguments.first, !first.hasPrefix("-"), !commands.contains(first) else { return nil }
    let hint = likest(to: first, among: commands).map { "; did you mean \($0)?" } ?? ""
    return "\(first.escapedForMessage) is no command\(hint)"
  }

  private static func name(of command: any ParsableCommand.Type) -> String {
    command.configuration.commandName ?? ""
  }

  /// A message of the parser, in which an unknown option is likened to those of its command.
  static func improved(_ message: String, arguments: [String]) -> String {
    let mark = "Unknown option '"
    guard let start = message.firstRange(of: mark),
      let end = message[start.upperBound...].firstIndex(of: "'")
    else { return message }
    let option = String(message[start.upperBound..<end])
    let command = ScaleNetCommand.configuration.subcommands.first { name(of: $0) == arguments.first }
    let help = command.map { $0.helpMessage() } ?? ScaleNetCommand.helpMessage()
    let names = Set(help.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
      .filter { $0.hasPrefix("--") && $0.count > 2 }
    // A value stands behind the sign.
    let word = option.split(separator: "=", maxSplits: 1).first.map(String.init) ?? option
    let hint = likest(to: word, among: names.sorted()).map { ". Did you mean '\($0)'?" } ?? ""
    let line = message[end...].firstIndex(of: "\n") ?? message.endIndex
    return message[...end] + hint + message[line...]
  }
}
