import FileIO
import Inspection
import Testing

@testable import Reports

@Suite struct PageTests {
  @Test func needsNothingButItself() throws {
    let graph = try Samples.graph("scalenet50")
    let report = try Samples.report("scalenet50")
    let page = try HTMLPage([.init(report, block: BlockGraph(representing: graph))]).text()
    #expect(page.hasPrefix("<!DOCTYPE html>\n"))
    // The only address is the name of SVG's namespace.
    #expect(
      page.replacing("http://www.w3.org/2000/svg", with: "").firstMatch(
        of: /https?:|url\(|@import| src=| href=/) == nil)
    #expect(page.contains("default-src 'none'"))
    #expect(page.contains("3,818,372,352"))
    #expect(page.matches(of: #/<svg /#).count == 2)
    #expect(page.matches(of: /<tr>/).count == 2 + report.blocks.count + report.layers.count)
    #expect(page.contains("prefers-color-scheme:dark"))
  }

  @Test func everythingFromFilesIsEscaped() throws {
    var block = try #require(BlockGraph(representing: try Samples.graph("scalenet50_light")))
    block.name = Samples.hostileName
    for index in block.nodes.indices { block.nodes[index].name = Samples.hostileName }
    let report = try Samples.hostile()
    for entries in [
      [HTMLPage.Entry(report, block: block)], [.init(report, block: block), .init(report, block: nil)],
    ] {
      let page = try HTMLPage(entries).text()
      #expect(page.matches(of: /<script>/).count == 1)
      #expect(!page.contains("alert(1)</"))
      #expect(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u{1b}[31m\\u{a}\\u{202e}`"))
      #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    }
  }

  @Test func severalModelsShareAPage() throws {
    let entries = try Samples.released.map { HTMLPage.Entry(try Samples.report($0), block: nil) }
    let page = try HTMLPage(entries).text()
    #expect(page.contains("<title>4 models</title>"))
    #expect(page.matches(of: /<section>/).count == 4)
    #expect(page.matches(of: #/<svg /#).count == 5)
    #expect(throws: ScaleNetError.noModels) { try HTMLPage([]) }
  }
}
