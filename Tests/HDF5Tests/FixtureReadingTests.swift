import FileIO
import ModelIR
import TestSupport
import Testing

@testable import HDF5

/// Files that h5py wrote; see fixtures/tools/make_hdf5.py.
@Suite struct FixtureReadingTests {
  private func root(_ name: String) throws -> HDF5Group {
    try HDF5File(ByteRegion.map(path: Fixtures.path("hdf5/\(name)"))).root()
  }

  private func elements(_ group: HDF5Group, _ name: String) throws -> [Double] {
    var budget = 1 << 20
    return try group.dataset(name).tensor(budget: &budget).doubles()
  }

  @Test(
    arguments: [
      ("float16", DataType.float16), ("float32", .float32), ("float64", .float64), ("int32", .int32),
      ("uint8", .uint8), ("int64", .int64), ("big_f4", .float32), ("big_i2", .int16),
    ])
  func readsNumbers(name: String, type: DataType) throws {
    let group = try root("datasets.h5").group("types")
    var budget = 0
    let tensor = try group.dataset(name).tensor(budget: &budget)
    #expect(tensor.dataType == type)
    #expect(tensor.shape == [3, 5])
    #expect(try tensor.doubles() == (0..<15).map(Double.init))
    // Elements in one piece stay where they are.
    #expect(tensor.storage.isMapped)
  }

  @Test(arguments: [
    ("compact", 6), ("chunks/plain", 70), ("chunks/deflate", 70), ("chunks/all", 70), ("chunks/vector", 1000),
  ])
  func readsLayouts(name: String, count: Int) throws {
    #expect(try elements(root("datasets.h5"), name) == (0..<count).map(Double.init))
  }

  @Test func readsScalarsAndEmptyDatasets() throws {
    let root = try root("datasets.h5")
    #expect(try elements(root, "scalar") == [7])
    #expect(try root.dataset("scalar").shape == [])
    #expect(try elements(root, "empty") == [])
    #expect(try root.dataset("empty").shape == [0, 4])
  }

  @Test func readsTheNewerSuperblock() throws {
    #expect(try elements(root("datasets_v108.h5"), "a/b") == (0..<15).map(Double.init))
  }

  @Test func keepsToTheBudgetOfChunks() throws {
    let dataset = try root("datasets.h5").dataset("chunks/deflate")
    var budget = 279
    #expect(throws: ScaleNetError.self) { try dataset.tensor(budget: &budget) }
    budget = 280
    _ = try dataset.tensor(budget: &budget)
    #expect(budget == 0)
  }

  /// The old kind keeps links in symbol tables and strings in headers; the new one keeps both in heaps.
  @Test(arguments: ["names.h5", "names_latest.h5"])
  func readsNames(name: String) throws {
    let root = try root(name)
    let attributes = Dictionary(uniqueKeysWithValues: try root.attributes().map { ($0.name, $0) })
    #expect(try attributes["text"]?.string() == "na\u{ef}ve")
    #expect(try attributes["fixed"]?.strings() == ["one", "three", ""])
    #expect(try attributes["variable"]?.strings() == ["a", "", String(repeating: "b", count: 300)])
    #expect(try attributes["none"]?.strings() == [])
    #expect(try attributes["long"]?.string() == String(repeating: "x", count: 70_000))
    #expect(throws: ScaleNetError.self) { try attributes["number"]?.string() }
    let many = try root.group("many")
    #expect(Set(many.members) == Set((0..<120).map { "group\($0)" } + ["data"]))
    let values = try many.attributes().map { ($0.name, try $0.string()) }
    #expect(
      Dictionary(uniqueKeysWithValues: values)
        == Dictionary(uniqueKeysWithValues: (0..<40).map { ("attribute\($0)", "value\($0)") }))
    #expect(try root.group("many/group7").members.isEmpty)
    #expect(try elements(root, "many/data") == [0, 1])
  }

  @Test(arguments: ["soft_link.h5", "external_link.h5", "external_link_latest.h5"])
  func refusesLinks(name: String) throws {
    #expect {
      try root(name)
    } throws: { error in
      "\(error)".contains("link, which is not followed")
    }
  }

  @Test(arguments: [("external_storage.h5", "external storage"), ("virtual.h5", "a virtual dataset")])
  func refusesWhatLiesElsewhere(name: String, found: String) throws {
    let root = try root(name)
    let path = Fixtures.path("hdf5/\(name)")
    #expect(throws: ScaleNetError.refused(path: path, object: "/data", found: found)) {
      try elements(root, "data")
    }
  }

  @Test func namesWhatItDoesNotRead() throws {
    #expect("\(try message("unknown_filter.h5"))".contains("filter 32000"))
    #expect("\(try message("newer_index.h5"))".contains("a newer index"))
  }

  /// Found by fuzzing: libhdf5 looks for chunks by the keys, and leaves zeros where they lead it past one.
  @Test func keysOfChunksMustLeadToThem() throws {
    let file = try HDF5File(ByteRegion.map(path: Fixtures.path("fuzz/hdf5/refused.chunk-keys.h5")))
    let dataset = try file.root().dataset("chunks/vector")
    var budget = 1 << 20
    let error = #expect(throws: ScaleNetError.self) { try dataset.tensor(budget: &budget) }
    #expect(error?.expected == "a key of whole elements")
  }

  private func message(_ name: String) throws -> String {
    let root = try root(name)
    do {
      _ = try elements(root, "data")
      return "nothing was refused"
    } catch { return "\(error)" }
  }

  @Test func followsPathsNoFurtherThanTheyGo() throws {
    // The group leads back to the root.
    let root = try root("loop.h5")
    #expect(try root.group("a/back/a/back").members == ["a"])
    #expect(throws: ScaleNetError.self) { try root.group("a/none") }
    #expect(throws: ScaleNetError.self) { try root.dataset("a") }
    #expect(throws: ScaleNetError.self) { try self.root("datasets.h5").group("scalar") }
  }

  @Test func refusesOtherFiles() throws {
    let path = Fixtures.path("tiny/tiny.pth")
    let file = try ByteRegion.map(path: path)
    #expect(!HDF5File.recognizes(file))
    #expect(throws: ScaleNetError.notHDF5(path: path)) { try HDF5File(file) }
  }
}
