import ArgumentParser

/// How much of the machine is used.
struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads to compute with; one a processor by default.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
  }
}
