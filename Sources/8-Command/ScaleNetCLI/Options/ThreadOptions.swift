import ArgumentParser

/// How much of the machine is used.
struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads to compute with; one a processor by default.", valueName: "n"))
  var threads: Int?
}
