import ArgumentParser

/// Fails for a chart that would be neither SVG nor PNG.
func validateChart(_ path: String?) throws {
  guard let path, !path.lowercased().hasSuffix(".svg"), !path.lowercased().hasSuffix(".png") else { return }
  throw ValidationError("--chart: expected a name that ends in .svg or .png, found \(path)")
}

/// How much is said on standard error, the same in every command.
struct MessageOptions: ParsableArguments {
  @Flag(help: "Say all of a long list of problems, not only the first three.")
  var verbose = false
}

/// A command whose errors can be said at length.
protocol VerboseCommand: ParsableCommand {
  var messages: MessageOptions { get }
}

/// How much of the machine is used.
struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads to compute with; one a processor by default.", valueName: "n"))
  var threads: Int?
}
