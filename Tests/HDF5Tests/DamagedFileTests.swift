import FileIO
import HDF5
import ModelIR
import TestSupport
import Testing

/// Damaged files may be refused or read, but must not end the process or take memory beyond their size.
@Suite struct DamagedFileTests {
  /// Reads everything that can be reached; the number of objects. What is refused is refused by an error that names the
  /// file, and what is read has as many elements as it says, within the budget.
  @discardableResult
  private func readAll(_ bytes: [UInt8]) -> Int {
    var count = 0
    func read<Result>(_ body: () throws(ScaleNetError) -> Result) -> Result? { readingDamaged("d.h5", body) }
    let file = ByteRegion.copying(bytes, origin: "d.h5")
    guard let root = read({ () throws(ScaleNetError) in try HDF5File(file).root() }) else { return 0 }
    var pending = [root]
    while let group = pending.popLast(), count < 200 {
      count += 1
      for attribute in read({ () throws(ScaleNetError) in try group.attributes() }) ?? [] {
        _ = read { () throws(ScaleNetError) in try attribute.strings() }
      }
      for member in group.members {
        if let child = read({ () throws(ScaleNetError) in try group.group(member) }) { pending.append(child) }
        var budget = 1 << 20
        guard let dataset = read({ () throws(ScaleNetError) in try group.dataset(member) }),
          let tensor = read({ () throws(ScaleNetError) in try dataset.tensor(budget: &budget) })
        else { continue }
        count += 1
        #expect(budget >= 0)
        if tensor.dataType.isFloatingPoint, let elements = try? tensor.doubles() {
          #expect(elements.count == tensor.shape.elementCount)
        }
      }
    }
    return count
  }

  private static let names = [
    "datasets.h5", "datasets_v108.h5", "names.h5", "names_latest.h5", "virtual.h5", "soft_link.h5",
  ]

  @Test func readsGoodFiles() throws {
    #expect(readAll(try Fixtures.bytes("hdf5/datasets.h5")) == 18)
  }

  @Test(arguments: names)
  func survivesTruncation(name: String) throws {
    let bytes = try Fixtures.bytes("hdf5/\(name)")
    let step = max(1, bytes.count / 400)
    for count in stride(from: 0, to: bytes.count, by: step) { readAll(Array(bytes.prefix(count))) }
  }

  @Test(arguments: names)
  func survivesFlippedBytes(name: String) throws {
    let bytes = try Fixtures.bytes("hdf5/\(name)")
    let step = max(1, bytes.count / 800)
    for offset in stride(from: 0, to: bytes.count, by: step) {
      for value: UInt8 in [0xff, 0x00, bytes[offset] ^ 0x01, bytes[offset] &+ 0x7f] {
        var damaged = bytes
        damaged[offset] = value
        readAll(damaged)
      }
    }
  }

  @Test func findsDamageUnderChecksums() throws {
    // Headers of the newer kind have checksums: a flip of any of their bytes is found.
    let bytes = try Fixtures.bytes("hdf5/datasets_v108.h5")
    for offset in 8..<48 {
      var damaged = bytes
      damaged[offset] ^= 0x10
      #expect(throws: ScaleNetError.self) { try HDF5File(.copying(damaged)).root() }
    }
  }

  @Test func refusesExtentsThatTheFileDoesNotHold() throws {
    // The dataspace of `scalar` of rank 0 has no extents; that of `empty` has 0 and 4.
    var bytes = try Fixtures.bytes("hdf5/datasets.h5")
    let pattern: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    let places = bytes.indices.dropLast(pattern.count).filter {
      Array(bytes[$0..<$0 + pattern.count]) == pattern
    }
    #expect(!places.isEmpty)
    for place in places { bytes[place + 5] = 1 }
    let root = try HDF5File(.copying(bytes)).root()
    var budget = 1 << 20
    #expect(throws: ScaleNetError.self) { try root.dataset("empty").tensor(budget: &budget) }
  }
}
