import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing

/// Pickles that no `torch.save` writes: each is refused with a message that says why, and nothing is executed.
@Suite struct HostilePickleTests {
  private func refusal(_ value: [UInt8], isWhole: Bool = false) -> String {
    message { _ = try PyTorchReader.read(Pickle.archive(value, isWhole: isWhole)) }
  }

  @Test func theFrameOfTheseTestsIsSound() throws {
    let weights = try PyTorchReader.read(Pickle.archive(Pickle.stateDict()), verifyChecksums: true)
    #expect(weights.names == ["w"])
    #expect(try weights["w"]?.floats() == [0, 1, 2, 3])
  }

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("__builtin__", "eval"),
    ("builtins", "exec"), ("builtins", "getattr"), ("subprocess", "Popen"), ("runpy", "run_path"),
    ("torch", "load"), ("torch.hub", "load"), ("torch._utils", "_rebuild_device_tensor_from_numpy"),
    ("collections", "OrderedDict.fromkeys"), ("numpy.core.multiarray", "_reconstruct"),
  ])
  func namesThatRunCode(_ module: String, _ name: String) throws {
    let called = Pickle.call(module, name, Pickle.tuple(Pickle.text("touch canary")))
    // Where a weight would come of it, it is refused by name.
    #expect(refusal(called).contains("found an object of '\(module).\(name)', which is never made"))
    #expect(
      refusal(Pickle.stateDict(called)).contains("'w': an object of '\(module).\(name)', which is never made")
    )
    // Elsewhere it is kept, named or called, and nothing comes of it.
    for value in [Pickle.global(module, name), called, Pickle.tuple(called, called)] {
      let weights = try PyTorchReader.read(
        Pickle.archive(Pickle.dictionary([("w", Pickle.tensor()), ("x", value)])))
      #expect(weights.names == ["w"])
      #expect(weights.others.keys.sorted() == ["x"])
    }
    #expect(try PyTorchReader.read(Pickle.archive(called + [0x30] + Pickle.stateDict())).names == ["w"])
  }

  @Test func otherOpcodes() throws {
    let opcodes: [(String, [UInt8])] = [
      ("EXT1", [0x82, 1]), ("EXT2", [0x83, 1, 0]), ("EXT4", [0x84, 1, 0, 0, 0]), ("NEXT_BUFFER", [0x97]),
      ("READONLY_BUFFER", [0x98]),
    ]
    for (name, bytes) in opcodes {
      #expect(refusal(bytes).contains("refused: pickle opcode \(name),"))
    }
    #expect(refusal([0x95] + [UInt8](repeating: 0xff, count: 8)).contains("a frame of at most"))
    #expect(refusal([0x8b, 0xff, 0xff, 0xff, 0x7f]).contains("an operand of 2147483647 bytes"))
    #expect(refusal([0x8b, 0xff, 0xff, 0xff, 0xff]).contains("a length, found -1"))
    #expect(
      refusal([0x8d] + [UInt8](repeating: 0xff, count: 8)).contains("a length, found 18446744073709551615"))
    #expect(refusal(Array("Pkey\n".utf8)).contains("the persistent id of a storage as a tuple"))
    // However a class is named and called, nothing is.
    let system = Array("os\nsystem\n".utf8)
    for bytes: [UInt8] in [
      [0x28, 0x69] + system, [0x28, 0x63] + system + [0x6f],
      [0x80, 4, 0x95] + [UInt8](repeating: 0, count: 8) + [0x8c, 2] + Array("os".utf8) + [0x94, 0x8c, 6]
        + Array("system".utf8) + [0x94, 0x93, 0x29, 0x81, 0x2e],
      [0x63] + system + [0x29, 0x7d, 0x92],
    ] {
      let text = refusal(bytes, isWhole: bytes[0] == 0x80)
      #expect(text.contains("found an object of 'os.system', which is never made"))
    }
    #expect(refusal([0x63] + system).contains("found the class or function 'os.system'"))
    #expect(refusal([0xff]).contains("expected a pickle opcode, found byte 0xff"))
    for version: UInt8 in [6, 255] {
      #expect(refusal([0x80, version, 0x4e, 0x2e], isWhole: true).contains("protocol \(version)"))
    }
  }

  @Test func objectsKeepWhatIsReadable() throws {
    // argparse.Namespace(arch="resnet18", lr=0.5, deep=Namespace(on=True)), as protocol 2 writes it.
    func object(_ attributes: [(String, [UInt8])]) -> [UInt8] {
      Pickle.global("argparse", "Namespace") + Pickle.emptyTuple + Pickle.newObject
        + Pickle.dictionary(attributes) + Pickle.build
    }
    let half: [UInt8] = [0x47, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]
    let inner = object([("on", [0x88])])
    let arguments = object([("arch", Pickle.text("resnet18")), ("lr", half), ("deep", inner)])
    // A dictionary of another class is one as well.
    let weights =
      Pickle.call("collections", "defaultdict", Pickle.tuple(Pickle.global("builtins", "list")))
      + Pickle.text("w") + Pickle.tensor() + Pickle.setItem
    let read = try PyTorchReader.read(
      Pickle.archive(
        Pickle.dictionary([("state_dict", weights), ("args", arguments), ("epoch", Pickle.integer(3))])))
    #expect(read.names == ["w"])
    #expect(read.facts == ["args.arch": "resnet18", "args.lr": "0.5", "args.deep.on": "True", "epoch": "3"])
  }

  @Test func sharedPlacesAreLookedAtOnce() {
    // 100,000 entries that all lead to one dictionary of 100,000 entries, or to one object of so many attributes.
    let names = (0..<100_000).map { "\($0)" }
    let many = Pickle.dictionary(names.map { ($0, Pickle.none) })
    let object = Pickle.global("a", "B") + Pickle.emptyTuple + Pickle.newObject
    for shared in [many, object + many + Pickle.build] {
      let top = shared + [0x71, 0, 0x30] + Pickle.dictionary(names.map { ($0, [0x68, 0]) })
      let start = ContinuousClock.now
      #expect(refusal(top).contains("expected a dictionary of tensors at the top"))
      #expect(ContinuousClock.now - start < .seconds(20))
    }
  }

  @Test func callsWithWrongArguments() {
    let functions = [
      "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter",
      "_rebuild_parameter_with_state",
    ]
    for function in functions {
      for arguments in [Pickle.emptyTuple, Pickle.tuple(Pickle.none), Pickle.emptyList, Pickle.none] {
        #expect(!refusal(Pickle.call("torch._utils", function, arguments)).isEmpty)
      }
      for count in 3...8 {
        let nones = Pickle.mark + [UInt8](repeating: 0x4e, count: count) + [0x74]
        #expect(!refusal(Pickle.call("torch._utils", function, nones)).isEmpty)
      }
    }
    let two = Pickle.tuple(Pickle.none, Pickle.none)
    #expect(refusal(Pickle.call("collections", "OrderedDict", two)).contains("at most 1 arguments"))
    let flat = Pickle.tuple(Pickle.list([Pickle.none]))
    #expect(refusal(Pickle.call("collections", "OrderedDict", flat)).contains("a key and a value"))
    #expect(
      refusal(Pickle.call("torch", "FloatStorage", Pickle.emptyTuple)).contains("the class FloatStorage"))
    #expect(
      refusal(Pickle.text("f") + Pickle.emptyTuple + Pickle.reduce).contains("a class or function to call"))
    let nested = Pickle.tuple(
      Pickle.global("torch._tensor", "_rebuild_from_type_v2"), Pickle.none, Pickle.emptyTuple, Pickle.none)
    #expect(!refusal(Pickle.call("torch._tensor", "_rebuild_from_type_v2", nested)).isEmpty)
  }

  @Test func newObjectOrBuildOfATensor() {
    let built = Pickle.tensor() + Pickle.emptyDictionary + Pickle.build
    #expect(refusal(Pickle.stateDict(built)).contains("BUILD of an object, or of a dictionary"))
    let made = Pickle.global("torch", "FloatTensor") + Pickle.emptyTuple + Pickle.newObject
    #expect(refusal(Pickle.stateDict(made)).contains("a class that can be made anew"))
    let function = Pickle.global("torch._utils", "_rebuild_tensor_v2") + Pickle.emptyTuple + Pickle.newObject
    #expect(refusal(function).contains("a class that can be made anew"))
  }

  @Test func itemsOfWrongTypes() {
    let pair = Pickle.text("k") + Pickle.none
    #expect(refusal(Pickle.emptyList + pair + Pickle.setItem).contains("a dictionary to set items of"))
    #expect(refusal(Pickle.tensor() + pair + Pickle.setItem).contains("a dictionary to set items of"))
    #expect(refusal(Pickle.emptyDictionary + Pickle.none + Pickle.append).contains("a list to append to"))
    let odd = Pickle.emptyDictionary + Pickle.mark + Pickle.text("k") + [0x75]
    #expect(refusal(odd).contains("a value for every key"))
    let list = Pickle.emptyDictionary + Pickle.emptyList + Pickle.none + Pickle.setItem
    #expect(refusal(list).contains("a key that can be looked up"))
  }

  @Test func stackAndMemo() {
    for bytes: [UInt8] in [
      [0x61], [0x73], [0x52], [0x81], [0x62], [0x51], [0x85], [0x86], [0x4e, 0x87], [0x71, 0],
      [0x4e, 0x28, 0x61],
    ] {
      #expect(refusal(bytes).contains("a value on the stack, found none"))
    }
    for bytes: [UInt8] in [[0x74], [0x65], [0x75]] {
      #expect(refusal(bytes).contains("a mark on the stack, found none"))
    }
    #expect(refusal([]).contains("a value on the stack"))
    #expect(refusal([0x4e, 0x4e]).contains("one value at the end, found 2"))
    #expect(refusal([0x28, 0x4e]).contains("no mark left at the end, found 1"))
    #expect(refusal([0x68, 7]).contains("memo entry 7, found none"))
    #expect(refusal([0x6a, 0xff, 0xff, 0xff, 0xff]).contains("memo entry 4294967295, found none"))
    #expect(refusal([0x4e, 0x72, 0xff, 0xff, 0xff, 0xff]).contains("found None"))
  }

  @Test func bytesBehindTheEnd() {
    let pickle = Pickle.proto + Pickle.stateDict() + Pickle.stop + [0x4e]
    #expect(refusal(pickle, isWhole: true).contains("expected the end of the pickle, found 1 more bytes"))
  }

  @Test func lengthsThatLie() {
    for bytes: [UInt8] in [
      [0x58, 0xff, 0xff, 0xff, 0xff], [0x54, 0xff, 0xff, 0xff, 0x7f], [0x54, 0xff, 0xff, 0xff, 0xff],
      [0x55, 0xff], [0x8a, 0xff], [0x47, 0], [0x4a, 0], [0x4d], [0x4b], [0x58, 1], [0x72, 0],
    ] {
      #expect(!refusal(bytes, isWhole: true).isEmpty)
    }
    #expect(refusal([0x63] + [UInt8](repeating: 0x61, count: 2_000)).contains("no end of line"))
    #expect(refusal([0x63, 0xff, 0x0a, 0x61, 0x0a]).contains("not UTF-8"))
  }

  @Test func memoBombIsLinear() {
    // l1 = [l0, l0], l2 = [l1, l1], ...: 2^200 items if anyone unfolded it.
    var bytes = Pickle.emptyList + [0x71, 0]
    for index: UInt8 in 1...200 {
      bytes += Pickle.emptyList + [0x28, 0x68, index - 1, 0x68, index - 1, 0x65, 0x71, index]
    }
    bytes = Pickle.mark + bytes + [0x74]
    #expect(refusal(bytes).contains("found a tuple of 201"))
  }

  @Test func deepNesting() {
    let lists = [UInt8](repeating: 0x5d, count: 100_000) + [UInt8](repeating: 0x61, count: 99_999)
    #expect(refusal(lists).contains("found a list of 1"))
    let tuples = [0x4e] + [UInt8](repeating: 0x85, count: 100_000)
    #expect(refusal(tuples).contains("found a tuple of 1"))
    #expect(refusal([UInt8](repeating: 0x28, count: 100_000)).contains("a value on the stack"))
  }

  @Test func aListThatContainsItself() {
    let list = Pickle.emptyList + [0x71, 0, 0x68, 0, 0x61]
    #expect(refusal(list).contains("found a list of 1"))
    let dictionary = Pickle.emptyDictionary + [0x71, 0] + Pickle.text("state_dict") + [0x68, 0, 0x73]
    #expect(refusal(dictionary).contains("'state_dict': a dictionary of 1"))
  }

  @Test func namesThatAreNotText() throws {
    let invalid: [UInt8] = [0x58, 2, 0, 0, 0, 0xc3, 0x28]
    let value = Pickle.emptyDictionary + invalid + Pickle.tensor() + Pickle.setItem
    #expect(refusal(value).contains("a name in UTF-8"))
    let escape = Pickle.dictionary([("a\u{0}\n\u{1b}[2J", Pickle.none)])
    #expect(refusal(escape).contains("'a\\u{0}\\u{a}\\u{1b}[2J': None"))
    #expect(refusal(Pickle.global("a\u{1b}", "b")).contains("'a\\u{1b}.b'"))
  }

  @Test func persistentIdsThatAreNoStorage() {
    let type = Pickle.global("torch", "FloatStorage")
    let key = Pickle.text("0")
    let identifiers: [[UInt8]] = [
      Pickle.none, Pickle.text("0"), Pickle.emptyTuple, Pickle.tuple(Pickle.text("storage")),
      Pickle.tuple(Pickle.text("file"), type, key, Pickle.text("cpu"), Pickle.integer(4)),
      Pickle.tuple(Pickle.text("storage"), Pickle.none, key, Pickle.text("cpu"), Pickle.integer(4)),
      Pickle.tuple(Pickle.text("storage"), type, Pickle.none, Pickle.text("cpu"), Pickle.integer(4)),
      Pickle.tuple(Pickle.text("storage"), type, key, Pickle.none, Pickle.integer(4)),
      Pickle.tuple(Pickle.text("storage"), type, key, Pickle.text("cpu"), Pickle.none),
      Pickle.tuple(Pickle.text("storage"), type, key, Pickle.text("cpu"), Pickle.integer(-1)),
      Pickle.tuple(Pickle.text("storage"), type, key, Pickle.text("cpu"), Pickle.integer(4), Pickle.none),
    ]
    for identifier in identifiers {
      #expect(refusal(identifier + Pickle.persistent).contains("storage"))
    }
    for key in ["../0", "/etc/passwd", "", "0/../1", "a", "0\u{0}"] {
      #expect(refusal(Pickle.storage(key)).contains("the key of a storage, a number"))
    }
    let twice = Pickle.tuple(Pickle.storage(), Pickle.storage("0", "IntStorage"))
    #expect(refusal(twice).contains("storage 0 as 4 elements of FloatStorage, found 4 of IntStorage"))
    let longer = Pickle.tuple(Pickle.storage(), Pickle.storage(count: 5))
    #expect(refusal(longer).contains("storage 0 as 4 elements"))
  }

  @Test func whatIsNoStateDict() {
    #expect(refusal(Pickle.none).contains("a dictionary of tensors (a state_dict) or a network, found None"))
    #expect(refusal(Pickle.tensor()).contains("found a float32 tensor of shape [4]"))
    #expect(refusal(Pickle.emptyDictionary).contains("an empty dictionary"))
    let nothing = Pickle.dictionary([("epoch", Pickle.integer(3)), ("model", Pickle.emptyDictionary)])
    #expect(refusal(nothing).contains("found 'epoch': the integer 3, 'model': a dictionary of 0"))
    let twice = Pickle.dictionary([("w", Pickle.tensor()), ("w", Pickle.tensor())])
    #expect(refusal(twice).contains("entry 'w' among the weights: expected names that differ"))
    let many = Pickle.dictionary((0..<1_000).map { ("\($0)", Pickle.none) })
    #expect(refusal(many).contains("and 980 more"))
  }

  @Test func moreValuesThanAnyCheckpointHas() {
    let nones = [UInt8](repeating: 0x4e, count: 2_000_001)
    #expect(refusal(nones).contains("at most 2000000 values"))
  }
}
