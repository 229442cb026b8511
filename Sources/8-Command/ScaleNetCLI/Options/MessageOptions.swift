import ArgumentParser

/// How much is said on standard error, the same in every command.
struct MessageOptions: ParsableArguments {
  @Flag(help: "Say all of a long list of problems, not only the first three.")
  var verbose = false
}

/// A command whose errors can be said at length.
protocol VerboseCommand: ParsableCommand {
  var messages: MessageOptions { get }
}
