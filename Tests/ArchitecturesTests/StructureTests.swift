import Architectures
import FileIO
import TestSupport
import Testing

@Suite struct StructureTests {
  @Test(arguments: [
    ("scalenet50_light", ReleasedScaleNet.scaleNet50Light), ("scalenet50", .scaleNet50),
    ("scalenet101", .scaleNet101), ("scalenet152", .scaleNet152),
  ])
  func readsTheReleasedFiles(name: String, released: ReleasedScaleNet) throws {
    let bytes = try Fixtures.bytes("structures/\(name).json")
    let structure = try Structure(json: bytes, path: name)
    #expect(structure == released.structure)
    #expect(ReleasedScaleNet.matching(structure) == released)
    #expect(Array(structure.json.utf8) == Array(bytes.prefix { $0 != 0x0a }))
  }

  private func problems(_ json: String) -> [String] {
    do {
      _ = try Structure(json: Array(json.utf8), path: "s.json")
      return []
    } catch {
      let title = "s.json: not a structure file: "
      guard "\(error)".hasPrefix(title) else { return ["another error: \(error)"] }
      return error.problems.isEmpty ? [String("\(error)".dropFirst(title.count))] : error.problems
    }
  }

  private let rest = "[1,0,0,0,28],[1,0,0,0,14],[1,0,0,0,7]]"

  @Test func acceptsTheLeast() {
    #expect(problems("[[1,0,0,0,56]," + rest) == [])
  }

  @Test func listsEveryProblemWithItsPlace() {
    let found = problems("[[1,2,3,56],[-1,0,0,0,56],[0,0,0,0,28],[1,0,0,0,15],[1,0,0,0,14],[1,0,0,0,28]]")
    #expect(
      found == [
        "row 0: expected 5 numbers [c1, c2, c4, c7, side], found 4",
        "row 1, column 0: expected 0 to 65536 channels, found -1",
        "row 2: expected at least one channel, found none at any scale",
        "row 3, column 4: expected a side of 56, 28, 14 or 7, found 15",
        "row 5, column 4: expected a side of at most 14, found 28",
      ])
  }

  @Test(arguments: [
    "", "[", "{}", "null", "[[1,0,0,0,56],]", "[[1.5,0,0,0,56]]", "[[NaN,0,0,0,56]]", "[[1e308,0,0,0,56]]",
    "[[9223372036854775808,0,0,0,56]]", "[1,2]", "[[\"1\",0,0,0,56]]", "[]", "[[1,0,0,0,56]] x",
    "{\"a\":1,\"a\":2}", "\u{feff}[", "[[1,0,0,0,56],[1,0,0,0,28],[1,0,0,0,14]]",
  ])
  func refusesWhatIsNoStructure(json: String) {
    #expect(!problems(json).isEmpty)
  }

  @Test func refusesTrailingCommasAndDuplicateKeys() {
    #expect(!problems("[[1,0,0,0,56,]," + rest).isEmpty)
    #expect(!problems("[[1,0,0,0,56]," + rest.dropLast() + ",]").isEmpty)
  }

  @Test func namesLineAndColumn() {
    #expect(problems("[[1, 2],\n [3, x]]") == ["line 2, column 6: expected a whole number in range, found x"])
    #expect(problems("[[1, 2],]") == ["line 1, column 9: expected an array, found ]"])
    #expect(problems("[[01]]") == ["line 1, column 3: expected a whole number in range, found 01"])
  }

  @Test func survivesDepthAndBadText() {
    #expect(!problems(String(repeating: "[", count: 1_000_000)).isEmpty)
    #expect(throws: ScaleNetError.self) { try Structure(json: [0x5b, 0xff, 0xfe, 0x5d], path: "s.json") }
  }
}
