import Architectures
import FileIO
import FoundationEssentials
import Inspection
import ModelIR
import TestSupport
import Testing

@testable import Reports

/// The table of scales in every form of a report.
@Suite struct ScaleReportTests {
  private func report(_ name: String) throws -> InspectionReport {
    struct Weight: Decodable {
      var name: String
      var shape: [Int]

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        name = try container.decode(String.self)
        shape = try container.decode([Int].self)
      }
    }
    let specs = try JSONDecoder().decode(
      [String: [Weight]].self, from: Data(try Fixtures.bytes("family/specs.json")))
    let weights = try Fixtures.stateDict(
      try #require(specs[name]).map { ($0.name, TensorShape($0.shape)) })
    let network = try Architecture.recognize(weights, source: name)
    return try InspectionReport(
      try network.graph(weights).binding(batch: 1), format: "pytorch", path: "\(name).pth",
      architecture: network.family.rawValue, variant: network.displayName, classes: network.classes,
      scales: network.scaleTable, weights: Set(weights.names))
  }

  @Test func showsTheScalesOfANetwork() throws {
    let mixNet = try report("mixnet_s")
    let text = try ReportFormat.table.text(of: [mixNet])
    #expect(text.contains("scales by kernels, joined by concat, at most 5 in a block\n"))
    #expect(text.contains("\nblocks.4.2   90   90   90   90      -\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let csv = try ReportFormat.csv.text(of: [mixNet]).split(separator: "\n")
    #expect(csv[0] == "path,name,scale,channels,scales_by,scales_joined_by")
    #expect(csv.contains("mixnet_s.pth,blocks.5.0,11x11,144,kernels,concat"))
    let markdown = try ReportFormat.markdown.text(of: [mixNet])
    #expect(markdown.contains("| block | 3x3 | 5x5 | 7x7 | 9x9 | 11x11 |\n"))
    let page = try ReportFormat.json.text(of: [mixNet])
    #expect(page.contains("\"most_scales\""))
  }

  @Test func comparesTheScalesOfNetworks() throws {
    let reports = [
      try report("torchvision/googlenet+aux"), try report("res2net50_26w_4s"), try report("resnet50d"),
      try Samples.report("scalenet50"),
    ]
    let text = try ReportFormat.table.text(of: reports)
    let rows = text.split(separator: "\n").suffix(5).dropLast().map { row in
      row.split(separator: " ").suffix(3).joined(separator: " ")
    }
    #expect(rows == ["pools concat 4", "splits concat 4", "- - 1", "pools concat 4"])
    let csv = try ReportFormat.csv.text(of: reports).split(separator: "\n")
    #expect(csv[1].contains(",kernels and pools,concat,4,"))
    #expect(csv[3].hasSuffix(",,,,,,,,"))
    let markdown = try ReportFormat.markdown.text(of: reports)
    #expect(markdown.contains("| kernels and pools | concat | 4 |"))
  }

  /// What rescales the image is stored in the graph, and is no parameter: torchvision has 6,624,904.
  @Test func countsOnlyWhatTheFileHolds() throws {
    #expect(try report("torchvision/googlenet+aux").totals.parameters == 6_624_904)
  }
}
