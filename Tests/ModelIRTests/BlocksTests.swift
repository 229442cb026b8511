import FileIO
import ModelIR
import Testing

@Suite("Tensors in blocks")
struct BlocksTests {
  @Test("A part of a tensor is what lies there, also where elements are not in order")
  func parts() throws {
    let tensor = Tensor((0..<60_000).map(Float.init), shape: [200, 300])
    #expect(try tensor.floats(from: 40_000, count: 3) == [40_000, 40_001, 40_002])
    // numpy: arange(60000).reshape(200, 300).T.ravel()[40000:40002], and [40199:40201]
    let moved = tensor.transposed([1, 0])
    #expect(try moved.floats(from: 40_000, count: 2) == [200, 500])
    #expect(try moved.doubles(from: 40_199, count: 2) == [200 + 199 * 300, 201])
  }

  @Test("Numbers rounded to half types are NumPy's, in two bytes each")
  func halves() throws {
    // numpy.float16 and ml_dtypes.bfloat16 of these.
    let numbers = Tensor([Float(0.1), 1 / 3, 65_504, -2.7182817, 1e-8], shape: [5])
    let half = try #require(try numbers.copyRounded(to: .float16))
    #expect(half.dataType == .float32 && half.storage.count == 10)
    #expect(try half.floats() == [0.0999755859375, 0.333251953125, 65_504, -2.71875, 0])
    let short = try #require(try numbers.copyRounded(to: .bfloat16))
    #expect(try short.floats() == [0.10009765625, 0.333984375, 65_536, -2.71875, 1.0011717677116394e-08])
    #expect(try Tensor([Float(1), 1e6], shape: [2]).copyRounded(to: .float16) == nil)
  }

  @Test("Integers in steps are multiplied with the step of their index, along any axis")
  func steps() throws {
    let integers = try Tensor(.int8, [2, 3], storage: .copying([Int8(1), -2, 3, 4, 5, -128]))
    #expect(try integers.inSteps([0.5], axis: nil).floats() == [0.5, -1, 1.5, 2, 2.5, -64])
    #expect(try integers.inSteps([2, 0.25], axis: 0).floats() == [2, -4, 6, 1, 1.25, -32])
    #expect(try integers.inSteps([1, 10, 100], axis: 1).floats() == [1, -20, 300, 4, 50, -12_800])
  }

  @Test("A tensor is made block by block")
  func made() throws {
    let shape: TensorShape = [3, 25_000]
    let made = try Tensor(shape: shape) { (start, count) throws(ScaleNetError) in
      (start..<start + count).map { Float($0) }
    }
    #expect(try made.floats() == (0..<75_000).map(Float.init))
    let stepped = try Tensor(shape: shape, steps: [0.5, 2, 1], axis: 0) {
      (start, count) throws(ScaleNetError) -> [Int16]? in (start..<start + count).map { Int16($0 % 100) }
    }
    let elements = try #require(stepped).floats()
    #expect(elements[30_001] == 2 && elements[1] == 0.5 && elements[50_099] == 99)
    let refused = try Tensor(shape: shape, steps: [1], axis: nil) {
      (start, count) throws(ScaleNetError) -> [Int16]? in
      start > 0 ? nil : [Int16](repeating: 0, count: count)
    }
    #expect(refused == nil)
  }
}
