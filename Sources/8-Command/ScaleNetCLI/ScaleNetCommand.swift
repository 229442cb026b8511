import ArgumentParser
import FileIO
import Glibc
import Kernels
import ScaleNetKit

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
        scalenet init scalenet50 -o fresh.pth

      Formats are told from the content when reading, and from the extension when writing.
      Exit status: 0 done, 1 a difference or a failed verification, 64 usage, 65 bad input, 66 no input, 70 internal,
      73 cannot create the output, 74 input/output error.
      """,
    version: ToolVersion.current,
    subcommands: [
      ConvertCommand.self, InspectCommand.self, RunCommand.self, PredictCommand.self, EvalCommand.self,
      DiffCommand.self, StructureCommand.self, InitCommand.self,
      AllocateCommand.self, BenchCommand.self,
    ])
}

@main
enum Main {
  static func main() {
    // A closed pipe is noticed where it is written to, after temporaries are gone.
    signal(SIGPIPE, SIG_IGN)
    TemporaryFiles.removeOnTermination()
    exit(run())
  }

  private static func run() -> Int32 {
    var isVerbose = false
    do {
      do {
        if Set(CommandLine.arguments.dropFirst()) == ["--version", "--verbose"] {
          try StandardOutput.write("\(ToolVersion.current)\nkernels \(try kernelsForThisProcessor().name)\n")
          return 0
        }
        var command = try ScaleNetCommand.parseAsRoot()
        isVerbose = (command as? any VerboseCommand)?.messages.verbose ?? false
        try command.run()
        return 0
      } catch let error as ScaleNetError {
        let message = error.message(in: .command, listsAll: isVerbose)
        StandardError.write("scalenet: error: \(message)\n")
        return ExitStatus.of(error.kind)
      } catch let failure as StandardOutput.Failure {
        throw failure
      } catch {
        // Help and version are results; what can't be parsed is not.
        let status = ScaleNetCommand.exitCode(for: error).rawValue
        let text = ScaleNetCommand.fullMessage(for: error)
        if status == 0 {
          try StandardOutput.write(text.hasSuffix("\n") || text.isEmpty ? text : text + "\n")
        } else if !text.isEmpty {
          StandardError.write(text + "\n")
        }
        return status
      }
    } catch let failure as StandardOutput.Failure {
      if failure.code == EPIPE {
        // Die of it quietly, as a program does that knows nothing of pipes.
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
      }
      StandardError.write("scalenet: error: standard output: \(failure.reason)\n")
      return ExitStatus.inputOutput
    } catch {
      StandardError.write("scalenet: error: \(error)\n")
      return ExitStatus.software
    }
  }
}
