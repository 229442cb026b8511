import Foundation
import TestSupport
import Testing

@Suite struct AllocateCommandTests {
  private let tiny = Fixtures.path("tiny/tiny.pth")

  @Test func writesStructureWeightsAndChart() throws {
    struct Report: Decodable {
      let structure: [[Int]]
      let width: Double
    }
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(
        [
          "allocate", tiny, "--width", "0.75", "-o", "s.json", "--weights", "p.pth", "--chart", "c.svg",
          "--format",
          "json",
        ], in: directory)
      #expect(result.status == 0, "\(result.error)")
      let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
      let rows = try JSONDecoder().decode(
        [[Int]].self, from: Data(contentsOf: URL(filePath: directory + "/s.json")))
      #expect(report.structure == rows && report.width == 0.75)
      // ceil(0.75 * planes) for planes 4, 4, 8, 16, 16, 32
      #expect(rows.map { $0.prefix(4).reduce(0, +) } == [3, 3, 6, 12, 12, 24])
      let recovered = try ScaleNet.run(["structure", "p.pth"], in: directory)
      #expect(recovered.output == (try String(contentsOfFile: directory + "/s.json", encoding: .utf8)))
      #expect(try String(contentsOfFile: directory + "/c.svg", encoding: .utf8).hasPrefix("<svg"))
      let again = try ScaleNet.run(["allocate", tiny, "--width", "0.75", "-o", "s.json"], in: directory)
      #expect(again.status == 73)
    }
  }

  @Test func keepsToABudget() throws {
    struct Report: Decodable {
      let after: Int
      let budget: Int

      enum CodingKeys: String, CodingKey {
        case after = "macs_after"
        case budget = "macs_budget"
      }
    }
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["allocate", tiny, "--macs", "35M", "--format", "json"], in: directory)
      let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
      #expect(report.budget == 35_000_000 && report.after <= 35_000_000 && report.after > 34_000_000)
    }
  }

  @Test(arguments: [
    (["allocate", "TINY"], 64), (["allocate", "TINY", "--width", "1", "--macs", "1G"], 64),
    (["allocate", "TINY", "--macs", "lots"], 64), (["allocate", "TINY", "--macs", "1k"], 64),
    (["allocate", "arch:resnet50", "--width", "1"], 65), (["allocate", "missing.pth", "--width", "1"], 66),
    (["allocate", "TINY", "--width", "1", "--chart", "c.gif"], 64), (["inspect", "arch:nothing"], 64),
    (["inspect", "TINY", "--chart", "c.gif"], 64), (["bench", "TINY", "--batch", "0"], 64),
  ])
  func refusesBadArguments(arguments: [String], status: Int) throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(arguments.map { $0 == "TINY" ? tiny : $0 }, in: directory)
      #expect(result.status == status, "\(result.error)")
      #expect(result.output == "" && !result.error.isEmpty)
      #expect(try ScaleNet.names(in: directory).isEmpty)
    }
  }

  @Test func timesModels() throws {
    struct Entry: Decodable {
      let architecture: String
      let batch: Int
      let macs: Int
    }
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(
        ["bench", tiny, "--batch", "2", "--runs", "3", "--format", "json"], in: directory)
      let entries = try JSONDecoder().decode([Entry].self, from: Data(result.output.utf8))
      #expect(entries.map(\.batch) == [2])
      #expect(entries.map(\.macs) == [2 * 36_685_104])
      #expect(entries.map(\.architecture) == ["ScaleNet (2-1-2-1 blocks)"])
    }
  }

  @Test(arguments: ["json", "csv", "markdown"])
  func inspectsInEveryFormat(format: String) throws {
    try withTemporaryDirectory { directory in
      let result = try ScaleNet.run(["inspect", tiny, "arch:resnet18", "--format", format], in: directory)
      #expect(result.status == 0 && result.error == "")
      #expect(result.output.contains("36685104") || result.output.contains("36,685,104"))
    }
  }

  @Test func drawsAndPagesAndRefusesToReplace() throws {
    try withTemporaryDirectory { directory in
      let arguments = ["inspect", tiny, "--chart", "c.png", "--html", "p.html"]
      #expect(try ScaleNet.run(arguments, in: directory).status == 0)
      let png = try Data(contentsOf: URL(filePath: directory + "/c.png"))
      #expect(Array(png.prefix(4)) == [0x89, 0x50, 0x4e, 0x47])
      #expect(try String(contentsOfFile: directory + "/p.html", encoding: .utf8).contains("layer4.0"))
      #expect(try ScaleNet.run(arguments, in: directory).status == 73)
      #expect(try ScaleNet.run(arguments + ["--force"], in: directory).status == 0)
    }
  }

  @Test(arguments: ["safetensors", "npz", "h5", "keras", "onnx"])
  func convertsToEveryFormatAndBack(ending: String) throws {
    try withTemporaryDirectory { directory in
      let there = try ScaleNet.run(["convert", tiny, "-o", "m.\(ending)"], in: directory)
      #expect(there.status == 0, "\(there.error)")
      #expect(try ScaleNet.names(in: directory) == ["m.\(ending)"])
      guard ending != "npz" else { return }
      let inspected = try ScaleNet.run(["inspect", "m.\(ending)", "--format", "json"], in: directory)
      #expect(inspected.status == 0 && inspected.output.contains("36685104"))
    }
  }
}
