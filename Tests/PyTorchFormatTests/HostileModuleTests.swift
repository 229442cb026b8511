import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing

/// Networks pickled as objects that no PyTorch makes: modules within themselves, shared by very many, or of no module.
@Suite struct HostileModuleTests {
  /// An object with the attributes of a module, remembered as `memo`.
  private func module(
    _ parts: [(String, [UInt8])], parameters: [(String, [UInt8])] = [], memo: UInt8? = nil
  ) -> [UInt8] {
    Pickle.global("net", "Net") + Pickle.emptyTuple + Pickle.newObject + (memo.map { [0x71, $0] } ?? [])
      + Pickle.dictionary([
        ("_parameters", Pickle.dictionary(parameters)), ("_buffers", Pickle.emptyDictionary),
        ("_modules", Pickle.dictionary(parts)),
      ]) + Pickle.build
  }

  private func refusal(_ value: [UInt8]) -> String {
    message { _ = try PyTorchReader.read(Pickle.archive(value)) }
  }

  @Test func theFrameOfTheseTestsIsSound() throws {
    let value = module([("a", module([], parameters: [("w", Pickle.tensor()), ("none", Pickle.none)]))])
    let weights = try PyTorchReader.read(Pickle.archive(value))
    #expect(weights.names == ["a.w"])
    #expect(try weights["a.w"]?.floats() == [0, 1, 2, 3])
  }

  @Test func aModuleWithinItself() {
    #expect(
      refusal(module([("a", [0x68, 0])], memo: 0)).contains("expected modules at most 100 levels deep"))
    // With two ways at each level there would be 2^100 of them.
    let two = module([("a", [0x68, 0]), ("b", [0x68, 0])], memo: 0)
    #expect(refusal(two).contains("levels deep"))
  }

  @Test func modulesThatDoubleAtEveryLevel() {
    var value = module([], parameters: [("w", Pickle.tensor())]) + [0x71, 0]
    for level: UInt8 in 1...60 {
      value += [0x30] + module([("a", [0x68, level - 1]), ("b", [0x68, level - 1])]) + [0x71, level]
    }
    let start = ContinuousClock.now
    #expect(refusal(value).contains("attributes in all modules, found more"))
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test func whatIsNoModuleAmongModules() throws {
    #expect(
      refusal(module([("a", Pickle.integer(1))])).contains(
        "module 'a': expected a module, found the integer 1"))
    let object = Pickle.global("net", "Other") + Pickle.emptyTuple + Pickle.newObject
    let value = module([("a", object)], parameters: [("w", Pickle.tensor())])
    let weights = try PyTorchReader.read(Pickle.archive(value))
    #expect(weights.names == ["w"])
    #expect(weights.others["a"]?.contains("net.Other") == true)
    #expect(
      refusal(module([(String(repeating: "a", count: 5_000), module([]))])).contains(
        "names of at most 4096 bytes"))
  }

  @Test func aScriptWithoutItsProgram() {
    let object =
      Pickle.global("__torch__", "Net") + Pickle.emptyTuple + Pickle.newObject
      + Pickle.dictionary([("w", Pickle.tensor())]) + Pickle.build
    #expect(
      refusal(object).contains("expected the class '__torch__.Net' in the program, found none of that name"))
  }
}
