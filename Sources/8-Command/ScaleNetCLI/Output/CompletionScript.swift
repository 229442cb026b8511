import ArgumentParser
import ScaleNetKit

/// What is added to the scripts that swift-argument-parser makes for the shells: names of networks where models are files
/// or networks, which it has no kind of completion for.
enum CompletionScript {
  private static let names = BuiltInArchitecture.allCases.map { "arch:" + $0.name }
  private static let endings = CompletionKind.modelEndings

  /// The script for the shell that the arguments ask for, or nil if they ask for something else.
  static func completed(_ script: String, arguments: [String]) -> String? {
    let option = "--generate-completion-script"
    guard let argument = arguments.first(where: { $0 == option || $0.hasPrefix(option + "=") }) else {
      return nil
    }
    let shell =
      argument == option
      ? arguments.drop { $0 != option }.dropFirst().first ?? "" : String(argument.dropFirst(option.count + 1))
    switch shell {
    case "bash": return bash(script)
    case "zsh": return zsh(script)
    case "fish": return fish(script)
    default: return script
    }
  }

  private static func bash(_ script: String) -> String {
    let files = "__scalenet_add_completions -o plusdirs -fX '!*.@(\(endings.joined(separator: "|")))'"
    let both =
      files
      + "\n        [[ -n \"${cur}\" ]] && __scalenet_add_completions -W $'\(names.joined(separator: "\\n"))'"
    // Readline parts words at colons, and replaces what stands behind the last one. The functions above want whole words.
    return script.replacing(files, with: both)
      .replacing("complete -o filenames -F _scalenet scalenet", with: "")
        + #"""

        _scalenet_whole_words() {
            local -a words=()
            local -i index cursor=0
            for ((index = 0; index < ${#COMP_WORDS[@]}; index++)); do
                if [[ ${#words[@]} -gt 0 && ("${COMP_WORDS[index]}" = :* || "${words[-1]}" = *:) ]] \
                    && [[ "${COMP_LINE}" = *"${words[-1]}${COMP_WORDS[index]}"* ]]; then
                    words[-1]+="${COMP_WORDS[index]}"
                else
                    words+=("${COMP_WORDS[index]}")
                fi
                [[ "${index}" -eq "${COMP_CWORD}" ]] && cursor=$((${#words[@]} - 1))
            done
            local -a COMP_WORDS=("${words[@]}")
            local -i COMP_CWORD="${cursor}"
            local word="${words[cursor]}" before=""
            [[ "${cursor}" -gt 0 ]] && before="${words[cursor - 1]}"
            _scalenet "${1}" "${word}" "${before}"
            if [[ "${word}" = *:* && "${COMP_WORDBREAKS}" = *:* ]]; then
                for index in "${!COMPREPLY[@]}"; do
                    COMPREPLY[index]="${COMPREPLY[index]#"${word%"${word##*:}"}"}"
                done
            fi
        }

        complete -o filenames -F _scalenet_whole_words scalenet

        """#
  }

  private static func zsh(_ script: String) -> String {
    let globs = endings.map { "*." + $0 }.joined(separator: " ")
    let function = """

      __scalenet_models() {
          _files -g '\(globs)'
          [[ -n "${PREFIX}" ]] && compadd -- \(names.joined(separator: " "))
      }

      """
    let files = #"_files -g '\''"# + globs + #"'\''"#
    let start = "\n_scalenet() {"
    return script.replacing(files, with: "{__scalenet_models}").replacing(start, with: function + start)
  }

  private static func fish(_ script: String) -> String {
    let files = endings.map { #"\'\#($0)\'"# }.joined(separator: " ")
    var lines: [Substring] = []
    for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(line)
      guard line.contains(files), let action = line.firstRange(of: "fa '(") else { continue }
      lines.append(line[..<action.lowerBound] + "fa '\(names.joined(separator: " "))'")
    }
    return lines.joined(separator: "\n")
  }
}
