import Foundation
import TestSupport
import Testing

/// What a run of the binary left behind.
struct CommandResult {
  let status: Int32
  let output: String
  let error: String
}

/// The binary `scalenet`, built beside the tests.
enum ScaleNet {
  static let path: String = {
    let tests = try! FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: tests).deletingLastPathComponent().appending(path: "scalenet").path()
  }()

  /// Runs the binary in `directory` and waits for it.
  static func run(
    _ arguments: [String], in directory: String, environment: [String: String] = [:]
  ) throws -> CommandResult {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: directory)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, not pipes: nothing blocks however much is printed.
    let name = UUID().uuidString
    let outputPath = FileManager.default.temporaryDirectory.appending(path: "\(name).out")
    let errorPath = FileManager.default.temporaryDirectory.appending(path: "\(name).err")
    try Data().write(to: outputPath)
    try Data().write(to: errorPath)
    defer {
      try? FileManager.default.removeItem(at: outputPath)
      try? FileManager.default.removeItem(at: errorPath)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outputPath)
    process.standardError = try FileHandle(forWritingTo: errorPath)
    try process.run()
    process.waitUntilExit()
    return CommandResult(
      status: process.terminationReason == .exit
        ? process.terminationStatus : 128 + process.terminationStatus,
      output: String(decoding: try Data(contentsOf: outputPath), as: UTF8.self),
      error: String(decoding: try Data(contentsOf: errorPath), as: UTF8.self))
  }

  /// What is in a directory, temporaries too.
  static func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }
}
