import FileIO
import Testing

@testable import ModelIR

@Suite struct TensorTests {
  private func tensor(_ shape: TensorShape) -> Tensor {
    Tensor((0..<shape.elementCount).map(Float.init), shape: shape)
  }

  @Test func readsViewsWithStrides() throws {
    let base = tensor([2, 3, 4])
    let view = base.transposed([2, 0, 1])
    #expect(view.shape == [4, 2, 3])
    // numpy: arange(24).reshape(2, 3, 4).transpose(2, 0, 1).ravel()[:8]
    #expect(try view.floats().prefix(8) == [0, 4, 8, 12, 16, 20, 1, 5])
    #expect(!view.isContiguous)
    #expect(view.transposed([1, 2, 0]).isContiguous)
  }

  @Test func readsPartsFromAnywhere() throws {
    let view = tensor([3, 5, 7]).transposed([1, 2, 0])
    let all = try view.floats()
    for start in stride(from: 0, to: all.count, by: 11) {
      let count = min(17, all.count - start)
      var part = [Float](repeating: -1, count: count)
      try unsafe part.withUnsafeMutableBufferPointer { try unsafe view.readFloats(from: start, into: $0) }
      #expect(part == Array(all[start..<start + count]))
    }
  }

  @Test func readsStrideZero() throws {
    let storage = ByteRegion.copying([Float(1), 2])
    let view = try Tensor(.float32, [3, 2], storage: storage, strides: [0, 1])
    #expect(try view.floats() == [1, 2, 1, 2, 1, 2])
  }

  /// What NumPy has for `x[None]` and `x.transpose(0, 3, 1, 2)`.
  @Test func fitsArraysToInputs() throws {
    let image: [Dimension] = [.symbolic("batch"), 3, 4, 5]
    func fit(_ shape: TensorShape) -> (shape: TensorShape, fit: ArrayFit)? {
      tensor(shape).fitted(to: image).map { ($0.tensor.shape, $0.fit) }
    }
    #expect(fit([2, 3, 4, 5])?.fit == ArrayFit())
    #expect(fit([2, 4, 5, 3])?.shape == [2, 3, 4, 5])
    #expect(fit([2, 4, 5, 3])?.fit.hadChannelsLast == true)
    let plain = try #require(fit([3, 4, 5]))
    #expect(plain.shape == [1, 3, 4, 5] && plain.fit.hadNoBatch && !plain.fit.hadChannelsLast)
    let both = try #require(tensor([4, 5, 3]).fitted(to: image))
    #expect(both.tensor.shape == [1, 3, 4, 5] && both.fit.hadNoBatch && both.fit.hadChannelsLast)
    // arange(60).reshape(4, 5, 3).transpose(2, 0, 1)[None].ravel()[:4]
    #expect(try both.tensor.floats().prefix(4) == [0, 3, 6, 9])
    #expect(fit([2, 3, 4, 6]) == nil && fit([60]) == nil && fit([2, 3, 4, 5, 1]) == nil)
    #expect(tensor([7]).fitted(to: [1, 7])?.tensor.shape == [1, 7])
  }

  @Test func readsBigEndian() throws {
    let storage = ByteRegion.copying([UInt8]([0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]))
    let view = try Tensor(.float32, [2], storage: storage, isLittleEndian: false)
    #expect(try view.floats() == [1, -2.5])
    #expect(try view.bytes() == [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0])
    let integers = try Tensor(
      .int16, [2], storage: .copying([UInt8]([0xff, 0xfe, 1, 2])), isLittleEndian: false)
    #expect(try integers.integers() == [-2, 258])
  }

  @Test func keepsBitsOfSpecialValues() throws {
    let patterns: [UInt32] = [0x7f80_0001, 0xffc1_2345, 0x0000_0001, 0x8000_0000, 0x7f80_0000]
    let view = try Tensor(.float32, [5, 1], storage: .copying(patterns)).transposed([1, 0])
    let bytes = try view.bytes()
    let read = (0..<5).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index * 4 + $1]) << (8 * $1) }
    }
    #expect(read == patterns)
  }

  @Test func convertsHalfAndBfloat() throws {
    let half = try Tensor(.float16, [4], storage: .copying([UInt16]([0x3c00, 0xc100, 0x7bff, 0x0001])))
    #expect(try half.floats() == [1, -2.5, 65504, 0x1p-24])
    let bfloat = try Tensor(.bfloat16, [2], storage: .copying([UInt16]([0x3f80, 0xc020])))
    #expect(try bfloat.floats() == [1, -2.5])
    #expect(try bfloat.cast(to: .float32).bytes() == [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0])
  }

  @Test func roundsToHalfAsIEEEDoes() throws {
    // 2049 lies between 2048 and 2050: ties to even. 65519 is the last that does not overflow.
    let view = Tensor([Float(2049), 2051, 65519, 1e-8], shape: [4]).cast(to: .float16)
    #expect(try view.floats() == [2048, 2052, 65504, 0])
    #expect(try view.bytes().count == 8)
  }

  @Test func namesAnOverflow() throws {
    let half = Tensor([Float(1), 65520], shape: [2]).cast(to: .float16)
    #expect(throws: ScaleNetError.overflow(value: 65520, index: 1, target: .float16)) { try half.bytes() }
    let single = Tensor([1e300], shape: [1]).cast(to: .float32)
    #expect(throws: ScaleNetError.overflow(value: 1e300, index: 0, target: .float32)) { try single.floats() }
    // Infinity itself is no overflow.
    #expect(try Tensor([Double.infinity], shape: [1]).cast(to: .float32).floats() == [.infinity])
    #expect(try Tensor([Float.infinity], shape: [1]).cast(to: .float16).floats() == [.infinity])
  }

  @Test func scalesChannels() throws {
    let view = tensor([2, 3]).scaled(byChannel: [2, 10])
    #expect(try view.floats() == [0, 2, 4, 30, 40, 50])
    #expect(try view.transposed([1, 0]).floats() == [0, 30, 2, 40, 4, 50])
    #expect(try view.scaled(byChannel: [1, 0.5]).doubles() == [0, 2, 4, 15, 20, 25])
  }

  @Test func refusesViewsOutsideOfStorage() {
    let storage = ByteRegion.copying([Float](repeating: 0, count: 6))
    #expect(throws: ScaleNetError.self) { try Tensor(.float32, [7], storage: storage) }
    #expect(throws: ScaleNetError.self) { try Tensor(.float32, [2, 3], storage: storage, offset: 1) }
    #expect(throws: ScaleNetError.self) { try Tensor(.float32, [2], storage: storage, offset: -1) }
    #expect(throws: ScaleNetError.self) { try Tensor(.float32, [2], storage: storage, strides: [-1]) }
    #expect(throws: ScaleNetError.self) {
      try Tensor(.float32, [2, 2], storage: storage, strides: [Int.max, 1])
    }
    #expect(throws: Never.self) { try Tensor(.float32, [0, 5], storage: storage, offset: 6) }
  }

  @Test func refusesShapesThatOverflow() {
    #expect(TensorShape(checking: [1 << 62, 8, 0]) == nil)
    #expect(TensorShape(checking: [-1]) == nil)
    #expect(TensorShape(checking: [1 << 31, 1 << 31, 4]) == nil)
    #expect(TensorShape(checking: [2, 0, 3]) == [2, 0, 3])
    #expect(TensorShape(checking: [])?.elementCount == 1)
  }

  @Test func readsIntegersOfEveryType() throws {
    #expect(try Tensor(.uint8, [2], storage: .copying([UInt8]([0, 255]))).integers() == [0, 255])
    #expect(try Tensor(.bool, [2], storage: .copying([UInt8]([0, 1]))).integers() == [0, 1])
    #expect(try Tensor([Int64.min, Int64.max], shape: [2]).integers() == [.min, .max])
    #expect(throws: ScaleNetError.wrongType(expected: "integers", found: .float32)) {
      try Tensor([Float(1)], shape: [1]).integers()
    }
  }
}

@Suite struct TensorComparisonTests {
  @Test func comparesBitsAndNotValues() throws {
    let zeros = Tensor([Float(0), -0.0], shape: [2])
    #expect(try zeros.hasSameBits(as: Tensor([Float(0), -0.0], shape: [2])))
    #expect(try !zeros.hasSameBits(as: Tensor([Float(0), 0], shape: [2])))
    #expect(try Tensor([Float.nan], shape: [1]).hasSameBits(as: Tensor([Float.nan], shape: [1])))
    // Numbers that stand in another type of integers.
    let wide = try Tensor(.int64, [3], storage: .copying([Int64(1), 2, 255])).cast(to: .uint8)
    #expect(try wide.hasSameBits(as: Tensor(.uint8, [3], storage: .copying([UInt8(1), 2, 255]))))
    #expect(try !wide.hasSameBits(as: Tensor(.uint8, [3], storage: .copying([UInt8(1), 2, 254]))))
    #expect(try !zeros.hasSameBits(as: Tensor([Float(0), -0.0], shape: [1, 2])))
    let many = (0..<100_000).map(Float.init)
    var other = many
    other[99_999] = 1
    #expect(try !Tensor(many, shape: [100_000]).hasSameBits(as: Tensor(other, shape: [100_000])))
  }

  @Test func findsWhatIsNotFinite() throws {
    var values = [Float](repeating: 1, count: 70_000)
    #expect(try Tensor(values, shape: [70_000]).firstNonFinite() == nil)
    values[69_000] = .infinity
    #expect(try Tensor(values, shape: [70_000]).firstNonFinite() == 69_000)
    #expect(try Tensor([Int64(1)], shape: [1]).firstNonFinite() == nil)
    // In order and out of order, at every place of a row of patterns, and behind the last whole one.
    for index in 0..<37 {
      for value in [-Float.infinity, .nan, -.greatestFiniteMagnitude] {
        var few = [Float](repeating: -1, count: 37)
        few[index] = value
        let tensor = Tensor(few, shape: [1, 37])
        #expect(try tensor.firstNonFinite() == (value.isFinite ? nil : index))
        #expect(try tensor.transposed([1, 0]).firstNonFinite() == (value.isFinite ? nil : index))
        #expect(try tensor.cast(to: .float64).firstNonFinite() == (value.isFinite ? nil : index))
      }
    }
  }
}
