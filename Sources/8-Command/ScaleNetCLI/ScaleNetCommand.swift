import ArgumentParser
import FileIO
import Glibc
import Kernels
import Reports
import ScaleNetKit

// Safe: the arguments are those of the process, which live as long as it does, and are copied.

/// The command `scalenet`.
struct ScaleNetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scalenet",
    abstract: "Convert, inspect, run and compare ScaleNet image networks.",
    discussion: """
      Examples:
        scalenet inspect weights.pth
        scalenet convert weights.pth -o model.onnx
        scalenet run model.onnx --input x.npy --output y.npy
        scalenet predict model.onnx photo.jpg --labels imagenet
        scalenet eval model.onnx imagenet/val
        scalenet diff weights.pth model.onnx --layers
        scalenet profile layers.json profile.json --model model.onnx
        scalenet init scalenet50 -o fresh.pth

      Formats are told from the content when reading, and from the extension when writing. - is standard input in the place \
      of an input, and standard output in that of an output. \
      Exit status: 0 done, 1 a difference or a failed verification, 64 usage, 65 bad input, 66 no input, 70 internal, \
      73 cannot create the output, 74 input/output error.
      """,
    version: ToolVersion.current,
    subcommands: [
      ConvertCommand.self, InspectCommand.self, RunCommand.self, PredictCommand.self, EvalCommand.self,
      DiffCommand.self, CheckCommand.self, ProfileCommand.self, StructureCommand.self, InitCommand.self,
      AllocateCommand.self, BenchCommand.self,
    ])
}

@main
enum Main {
  /// Paths are bytes, and need not be UTF-8.
  private static let arguments: [String] = (1..<max(1, Int(CommandLine.argc))).compactMap { index in
    unsafe CommandLine.unsafeArgv[index].map { unsafe String(systemPath: $0) }
  }

  static func main() {
    // A closed pipe is noticed where it is written to, after temporaries are gone.
    signal(SIGPIPE, SIG_IGN)
    TemporaryFiles.removeOnTermination()
    LargeMemory.endProgramWhereItLacks()
    FilesRead.remember()
    guard CommandLine.argc > 0 else {
      // Swift reads them there. Without them, every command would be a question for help.
      StandardError.write("scalenet: error: the arguments cannot be read: /proc is not mounted\n")
      exit(ExitStatus.inputOutput)
    }
    let status = run()
    for file in LeftoverFile.found() {
      StandardError.write(
        "scalenet: note: \(file.path.escapedForMessage): \(file.byteCount.byteText), \(file.description)\n")
    }
    exit(status)
  }

  /// The library is given the names of classes, and knows nothing of the file that they stand in: that is then what does
  /// not fit, and not the option.
  private static func namingFile(_ error: ScaleNetError) -> ScaleNetError {
    guard error.kind == .invalidOption, error.option == "labels",
      let option = arguments.firstIndex(of: "--labels"), arguments.indices.contains(option + 1)
    else { return error }
    var named = error.inFile(arguments[option + 1])
    if arguments[option + 1] != "imagenet" { (named.kind, named.option) = (.invalidInput, nil) }
    return named
  }

  private static func run() -> Int32 {
    let wantsJSON =
      arguments.contains("--format=json")
      || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "json" }
    var isVerbose = false
    func tell(_ error: ScaleNetError) {
      if wantsJSON { return tell(ErrorJSON(error)) }
      StandardError.write("scalenet: error: \(error.message(in: .command, listsAll: isVerbose))\n")
    }
    func tell(_ error: ErrorJSON) { StandardError.write((try? reportJSON(error)) ?? error.message + "\n") }
    do {
      do {
        // Asked for in scripts and by other programs; to know the commands and their options takes longer than to start.
        if arguments == ["--version"] {
          try StandardOutput.write("\(ToolVersion.current)\n")
          return 0
        }
        if Set(arguments) == ["--version", "--verbose"] {
          try StandardOutput.write("\(ToolVersion.current)\nkernels \(try kernelsForThisProcessor().name)\n")
          return 0
        }
        if let message = Suggestions.unknownCommand(in: arguments) {
          if wantsJSON {
            tell(ErrorJSON(usage: message))
          } else {
            StandardError.write(
              "scalenet: error: \(message)\n  See 'scalenet --help' for more information.\n")
          }
          return ExitStatus.usage
        }
        var command = try ScaleNetCommand.parseAsRoot(arguments)
        isVerbose = (command as? any VerboseCommand)?.messages.verbose ?? false
        try command.run()
        return 0
      } catch let error as ScaleNetError {
        let named = Self.namingFile(error)
        tell(named)
        return ExitStatus.of(named.kind)
      } catch let failure as PartialFailure {
        for error in failure.errors { tell(error) }
        return failure.status
      } catch let failure as StandardOutput.Failure {
        throw failure
      } catch {
        // Help and version are results; what can't be parsed is not.
        let status = ScaleNetCommand.exitCode(for: error).rawValue
        let message = ScaleNetCommand.fullMessage(for: error)
        let text = CompletionScript.completed(message, arguments: arguments) ?? message
        if status == 0 {
          try StandardOutput.write(text.hasSuffix("\n") || text.isEmpty ? text : text + "\n")
        } else if !text.isEmpty {
          let message = Suggestions.improved(text, arguments: arguments)
          if wantsJSON {
            let line = message.split(separator: "\n").first.map(String.init) ?? message
            tell(ErrorJSON(usage: line.hasPrefix("Error: ") ? String(line.dropFirst(7)) : line))
          } else {
            StandardError.write(message + "\n")
          }
        }
        return status
      }
    } catch let failure as StandardOutput.Failure {
      if failure.isClosedPipe {
        // Die of it quietly, as a program does that knows nothing of pipes.
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
      }
      StandardError.write("scalenet: error: standard output: \(failure.reason)\n")
      return failure.status
    } catch {
      StandardError.write("scalenet: error: \(error)\n")
      return ExitStatus.software
    }
  }
}
