import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing

/// Legacy streams that are out of order, cut off or damaged.
@Suite struct HostileLegacyTests {
  private static func tensor(view: [UInt8] = Pickle.none) -> [UInt8] {
    Pickle.tensor(Pickle.storage(legacyView: view))
  }

  private let pickles = Pickle.legacyPickles(Pickle.stateDict(tensor()))

  private func refusal(_ pickles: [[UInt8]], data: [UInt8]? = nil) -> String {
    message {
      _ = try PyTorchReader.read(data.map { Pickle.legacy(pickles, data: $0) } ?? Pickle.legacy(pickles))
    }
  }

  @Test func theFrameOfTheseTestsIsSound() throws {
    #expect(try PyTorchReader.read(Pickle.legacy(pickles))["w"]?.floats() == [0, 1, 2, 3])
  }

  @Test func partsOfStorages() throws {
    let view = Pickle.tuple(Pickle.text("7"), Pickle.integer(1), Pickle.integer(2))
    let storage = Pickle.storage(legacyView: view)
    let value = Pickle.stateDict(Pickle.tensor(storage, size: [2], [1]))
    #expect(try PyTorchReader.read(Pickle.legacy(Pickle.legacyPickles(value)))["w"]?.floats() == [1, 2])
    let beyond = Pickle.stateDict(Pickle.tensor(storage, size: [3], [1]))
    #expect(refusal(Pickle.legacyPickles(beyond)).contains("outside of its storage of 2 elements"))
    for (offset, count) in [(-1, 2), (3, 2), (0, 5), (.max, 1), (1, .max)] {
      let outside = Pickle.tuple(Pickle.text("7"), Pickle.integer(offset), Pickle.integer(count))
      let text = refusal(Pickle.legacyPickles(Pickle.stateDict(Self.tensor(view: outside))))
      #expect(text.contains("a view within 4 elements"))
    }
  }

  @Test func aModuleInAPersistentId() throws {
    // A class beside its source, which nobody compiles.
    func identifier(_ type: [UInt8]) -> [UInt8] {
      Pickle.tuple(Pickle.text("module"), type, Pickle.text("net.py"), Pickle.text("class Net: pass"))
        + Pickle.persistent
    }
    let unknown = Pickle.legacyPickles(identifier(Pickle.none))
    #expect(refusal(unknown).contains("expected a class and its source"))
    let value = Pickle.dictionary([("w", Self.tensor()), ("x", identifier(Pickle.global("net", "Net")))])
    #expect(try PyTorchReader.read(Pickle.legacy(Pickle.legacyPickles(value))).names == ["w"])
  }

  @Test func wrongSequence() {
    var other = pickles
    other[0] = Pickle.integer(1)
    #expect(refusal(other).contains("the magic number of torch.save"))
    other = pickles
    other[1] = Pickle.integer(1002)
    #expect(refusal(other).contains("format version 1001, found the integer 1002"))
    other = pickles
    other[2] = Pickle.none
    #expect(refusal(other).contains("a dictionary of the system"))
    other = pickles
    other[4] = Pickle.none
    #expect(refusal(other).contains("the list of storage keys"))
    other = pickles
    other.swapAt(3, 4)
    #expect(!refusal(other).isEmpty)
    for missing in pickles.indices {
      other = pickles
      other.remove(at: missing)
      #expect(!refusal(other).isEmpty)
    }
    // A plain pickle, not of torch.save.
    #expect(!refusal([Pickle.stateDict(Pickle.none)], data: []).isEmpty)
  }

  @Test func storageKeysThatDoNotFit() {
    let value = Pickle.stateDict(Self.tensor())
    #expect(refusal(Pickle.legacyPickles(value, keys: ["1"])).contains("the key of a storage, once"))
    #expect(refusal(Pickle.legacyPickles(value, keys: ["0", "0"])).contains("the key of a storage, once"))
    #expect(refusal(Pickle.legacyPickles(value, keys: []), data: []).contains("storage '0'"))
  }

  @Test func elementCountsThatLie() {
    for count: Int64 in [3, 5, -1, .max, .min] {
      let text = refusal(pickles, data: Pickle.little(count) + Pickle.fourFloats)
      #expect(text.contains("storage '0': expected 4 elements at byte"))
    }
    let storage = Pickle.storage(count: .max, legacyView: Pickle.none)
    let huge = Pickle.legacyPickles(Pickle.stateDict(Pickle.tensor(storage)))
    #expect(refusal(huge, data: Pickle.little(Int64.max)).contains("until the end of the file"))
  }

  @Test func bytesBehindTheLastStorage() {
    let data = Pickle.little(4 as Int64) + Pickle.fourFloats + [0]
    #expect(refusal(pickles, data: data).contains("after the last storage, found 1 more bytes"))
  }
}
