import FileIO
import HDF5
import ModelIR
import Testing

@Suite struct WritingTests {
  private func bytes(_ layout: HDF5Layout) throws -> [UInt8] {
    var result: [UInt8] = []
    try layout.stream { (span) throws(ScaleNetError) in
      unsafe span.withUnsafeBytes { unsafe result.append(contentsOf: $0) }
    }
    return result
  }

  private func read(_ bytes: [UInt8]) throws -> HDF5Group { try HDF5File(.copying(bytes)).root() }

  private func counting(_ shape: TensorShape) -> Tensor {
    Tensor((0..<shape.elementCount).map { Float($0) }, shape: shape)
  }

  private func sample() throws -> HDF5Layout {
    try HDF5Layout(path: "sample.h5") { (file) throws(ScaleNetError) in
      try file.setAttribute("/", "text", String(repeating: "long ", count: 50_000))
      try file.createGroup("/a/b")
      try file.setAttribute("/a", "list", ["one", "three", ""])
      try file.setAttribute("/a/b", "none", [])
      try file.createDataset("/a/b/plain:0", self.counting([2, 3]))
      try file.createDataset("/c/turned", self.counting([4, 3, 2, 5]).transposed([2, 3, 1, 0]))
      try file.createDataset("/c/half", self.counting([7]).cast(to: .float16))
      try file.createDataset("/c/double", self.counting([7]).cast(to: .float64))
      try file.createDataset("/c/scalar", self.counting([]))
      try file.createDataset("/c/empty", self.counting([0, 3]))
      try file.createDataset("/c/reshaped", self.counting([6]), shape: [3, 2])
    }
  }

  @Test func readsBackWhatItWrites() throws {
    let layout = try sample()
    let bytes = try bytes(layout)
    #expect(bytes.count == layout.byteCount)
    let root = try read(bytes)
    #expect(try root.attributes()[0].string() == String(repeating: "long ", count: 50_000))
    #expect(try root.group("a").attributes()[0].strings() == ["one", "three", ""])
    #expect(try root.group("a/b").attributes()[0].strings() == [])
    var budget = 0
    func tensor(_ path: String) throws -> Tensor { try root.dataset(path).tensor(budget: &budget) }
    #expect(try tensor("a/b/plain:0").floats() == [0, 1, 2, 3, 4, 5])
    let turned = try tensor("c/turned")
    #expect(turned.shape == [2, 5, 3, 4])
    // Element [h, w, i, o] is [o, i, h, w] of what was counted.
    var expected: [Float] = []
    for h in 0..<2 {
      for w in 0..<5 {
        for i in 0..<3 { for o in 0..<4 { expected.append(Float(((o * 3 + i) * 2 + h) * 5 + w)) } }
      }
    }
    #expect(try turned.floats() == expected)
    #expect(try tensor("c/half").dataType == .float16)
    #expect(try tensor("c/half").floats() == [0, 1, 2, 3, 4, 5, 6])
    #expect(try tensor("c/double").doubles() == [0, 1, 2, 3, 4, 5, 6])
    #expect(try tensor("c/scalar").shape == [])
    #expect(try tensor("c/empty").shape == [0, 3])
    #expect(try tensor("c/reshaped").shape == [3, 2])
  }

  @Test func writesTheSameBytesForTheSameCalls() throws {
    #expect(try bytes(sample()) == bytes(sample()))
  }

  @Test func groupsOfManyMembers() throws {
    let layout = try HDF5Layout(path: "many.h5") { (file) throws(ScaleNetError) in
      for index in 0..<2000 { try file.createGroup("/g/\(index)") }
    }
    #expect(try read(bytes(layout)).group("g").members.count == 2000)
  }

  /// The blocked way against the plain one, over shapes that do and do not fill blocks and chunks.
  @Test(
    arguments: [
      [64, 3, 7, 7], [33, 17, 3, 3], [1, 5, 3, 3], [5, 1, 3, 3], [100, 4, 1, 1], [70, 2100, 1, 1],
      [300, 500, 3, 3], [6, 1000, 30, 30],
    ],
    [DataType.float32, .float16])
  func transposesInBlocks(dimensions: [Int], type: DataType) throws {
    let shape = TensorShape(dimensions)
    var random = RandomSource(seed: 7)
    let values = random.normals(shape.elementCount)
    let factors = (0..<dimensions[0]).map { 0.5 + Float($0) / 64 }
    let weight = Tensor(values, shape: shape).scaled(byChannel: factors).cast(to: type)
    for order in [[2, 3, 1, 0], [2, 3, 0, 1]] {
      let turned = weight.transposed(order)
      let layout = try HDF5Layout(path: "turned.h5") { (file) throws(ScaleNetError) in
        try file.createDataset("/w", turned)
      }
      let root = try read(bytes(layout))
      var budget = 0
      let found = try root.dataset("w").tensor(budget: &budget)
      #expect(found.shape == turned.shape)
      #expect(try found.bytes() == turned.bytes())
    }
  }

  @Test func errorsOfTheLibraryNameTheCall() throws {
    do {
      _ = try HDF5Layout(path: "twice.h5") { (file) throws(ScaleNetError) in
        try file.createGroup("/a")
        try file.createGroup("/a")
      }
      Issue.record("the second group should have been refused")
    } catch {
      #expect("\(error)".hasPrefix("twice.h5: creating group /a failed: "))
      #expect("\(error)".contains("already exists"))
      #expect(!"\(error)".contains("\n"))
    }
  }

  @Test func refusesNamesAndTypesThatCannotBeStored() throws {
    #expect(throws: ScaleNetError.self) {
      try HDF5Layout(path: "x.h5") { (file) throws(ScaleNetError) in try file.createGroup("/a\0b") }
    }
    #expect(throws: ScaleNetError.self) {
      try HDF5Layout(path: "x.h5") { (file) throws(ScaleNetError) in
        try file.createDataset("/a", Tensor([Int64(1)], shape: [1]))
      }
    }
  }

  @Test func overflowsInHalfPrecisionAreErrors() throws {
    let large = Tensor([Float](repeating: 1e6, count: 64), shape: [8, 8]).cast(to: .float16)
    let layout = try HDF5Layout(path: "x.h5") { (file) throws(ScaleNetError) in
      try file.createDataset("/plain", large)
      try file.createDataset("/turned", large.transposed([1, 0]))
    }
    #expect(throws: ScaleNetError.self) { try bytes(layout) }
  }

  @Test func writesFromSeveralThreads() async throws {
    let expected = try bytes(sample())
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<8 { group.addTask { try self.bytes(self.sample()) } }
      for try await bytes in group { #expect(bytes == expected) }
    }
  }
}
