import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing
import ZipArchive

/// Tensors whose extents, storages and members do not fit together.
@Suite struct HostileTensorTests {
  private func refusal(_ tensor: [UInt8], storages: [(String, [UInt8])]? = nil) -> String {
    message {
      let value = Pickle.stateDict(tensor)
      _ = try PyTorchReader.read(
        storages.map { Pickle.archive(value, storages: $0) } ?? Pickle.archive(value))
    }
  }

  @Test func negativeExtents() {
    #expect(refusal(Pickle.tensor(size: [-4], [1])).contains("tensor 'w': expected a size of extents"))
    #expect(
      refusal(Pickle.tensor(size: [4], [-1])).contains("tensor 'w': expected a view within its storage"))
    #expect(refusal(Pickle.tensor(offset: -1)).contains("tensor 'w': expected a view within its storage"))
  }

  @Test func extentsThatOverflow() {
    for size in [[1 << 62, 8, 0], [1 << 62, 4], [1 << 31, 1 << 31, 4], [.max], [.max, .max]] {
      let strides = [Int](repeating: 0, count: size.count)
      #expect(refusal(Pickle.tensor(size: size, strides)).contains("tensor 'w': expected"))
    }
    #expect(refusal(Pickle.tensor(size: [2, 2], [.max, 1])).contains("outside of its storage"))
    #expect(refusal(Pickle.tensor(offset: .max)).contains("outside of its storage"))
    #expect(refusal(Pickle.tensor(size: [4], [1, 1])).contains("expected 1 strides, found 2"))
    let axes = [Int](repeating: 1, count: 65)
    #expect(refusal(Pickle.tensor(size: axes, axes)).contains("at most 64 axes"))
    let huge = Pickle.storage(count: .max)
    #expect(refusal(Pickle.tensor(huge)).contains("storage '0'"))
  }

  @Test func reachesOutsideOfItsStorage() {
    #expect(refusal(Pickle.tensor(size: [5], [1])).contains("outside of its storage"))
    #expect(refusal(Pickle.tensor(size: [2, 2], [3, 1])).contains("outside of its storage"))
    #expect(refusal(Pickle.tensor(offset: 1)).contains("outside of its storage"))
  }

  @Test func storageOfAnotherSize() {
    for count in [0, 3, 5, 1 << 40] {
      let text = refusal(Pickle.tensor(Pickle.storage(count: count), size: [0], [1]))
      #expect(text.contains("storage '0': expected \(count) elements of 4 bytes, found 16 bytes"))
    }
    #expect(refusal(Pickle.tensor(), storages: []).contains("expected a member 'archive/data/0', found none"))
  }

  @Test func expandBomb() {
    // 2^40 elements over four stored ones.
    #expect(refusal(Pickle.tensor(size: [1 << 40], [0])).contains("bytes in a file of"))
    #expect(refusal(Pickle.tensor(size: [1 << 29], [0])).contains("bytes in a file of"))
    // Each within the limit, all of them not.
    let half = Pickle.tensor(size: [1 << 27], [0])
    let three = Pickle.dictionary([("a", half), ("b", half), ("c", half)])
    #expect(message { _ = try PyTorchReader.read(Pickle.archive(three)) }.contains("tensor 'c'"))
  }

  @Test func expandedWithinReason() throws {
    let value = Pickle.stateDict(Pickle.tensor(offset: 2, size: [3], [0]))
    #expect(try PyTorchReader.read(Pickle.archive(value))["w"]?.floats() == [2, 2, 2])
  }

  @Test func unknownByteOrder() throws {
    func archive(_ order: String) -> ByteRegion {
      Pickle.archive(
        Pickle.stateDict(), extra: [ZipAssembler.Entry("archive/byteorder", Array(order.utf8))])
    }
    #expect(try PyTorchReader.read(archive("big"))["w"]?.isLittleEndian == false)
    for order in ["", "middle", "little\n"] {
      #expect(message { _ = try PyTorchReader.read(archive(order)) }.contains("byte order 'little' or 'big'"))
    }
  }

  @Test func twoPickles() {
    let second = ZipAssembler.Entry("other/data.pkl", [])
    let archive = Pickle.archive(Pickle.stateDict(), extra: [second])
    #expect(message { _ = try PyTorchReader.read(archive) }.contains("one member <stem>/data.pkl, found 2"))
    let none = ByteRegion.copying(ZipAssembler([ZipAssembler.Entry("a", [])]).bytes())
    #expect(message { _ = try PyTorchReader.read(none) }.contains("found none among 1 members"))
  }

  @Test func wrongChecksumIsFoundWhenAskedFor() throws {
    var bytes = Pickle.archive(Pickle.stateDict()).withBytes { bytes in bytes.array(0..<bytes.byteCount) }
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: Pickle.fourFloats) })
    bytes[place] ^= 1
    let file = ByteRegion.copying(bytes)
    #expect(try PyTorchReader.read(file)["w"]?.floats().first == Float(bitPattern: 1))
    let text = message { _ = try PyTorchReader.read(file, verifyChecksums: true) }
    #expect(text.contains("zip member 'archive/data/0': expected CRC-32"))
  }
}
