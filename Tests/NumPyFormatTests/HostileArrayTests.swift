import FileIO
import ModelIR
import NumPyFormat
import TestSupport
import Testing

/// Array files that lie: each is refused with a message that says why.
@Suite struct HostileArrayTests {
  private static let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n"

  private func file(_ header: String, elements: Int = 8, count: Int? = nil) -> [UInt8] {
    let size = count ?? header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(size & 0xff), UInt8(size >> 8)] + Array(header.utf8)
      + [UInt8](repeating: 0, count: elements)
  }

  private func refusal(_ bytes: [UInt8]) -> String {
    message { _ = try NumPyReader.array(.copying(bytes, origin: "test.npy")) }
  }

  @Test func theFrameOfTheseTestsIsSound() throws {
    #expect(try NumPyReader.array(.copying(file(Self.good))).floats() == [0, 0])
    // Any order of keys, either quote, numbers of Python 2.
    let other = "{\"shape\":(1L,2L),\"fortran_order\":True,\"descr\":\">i4\"}"
    #expect(try NumPyReader.array(.copying(file(other))).shape == [1, 2])
  }

  @Test(arguments: [
    "__import__('os').system('touch canary')",
    "{'descr': __import__('os').system('touch canary'), 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (exec('1'),), }",
    "{'descr': '<f4', 'fortran_order': False or True, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1+1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': [2], }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, }",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + {}",
    "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4\u{1b}[2J', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': 'f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<V2', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", "{'descr", "{", "",
  ])
  func headersThatAreNoLiterals(_ header: String) {
    #expect(refusal(file(header)).hasPrefix("test.npy: array header at byte "))
  }

  @Test func deepHeader() {
    let nested = "{'descr': '<f4', 'fortran_order': False, 'shape': " + String(repeating: "(", count: 9_000)
    #expect(refusal(file(nested)).contains("expected an extent, found '("))
    let axes = "(" + String(repeating: "1,", count: 65) + ")"
    let many = "{'descr': '<f4', 'fortran_order': False, 'shape': \(axes), }"
    #expect(refusal(file(many)).contains("at most 64 axes"))
  }

  @Test func lengthsThatLie() {
    let magic = [0x93] + Array("NUMPY".utf8)
    #expect(refusal(magic + [2, 0, 0xff, 0xff, 0xff, 0xff]).contains("a header within 12 bytes"))
    #expect(refusal(magic + [1, 0, 0xff, 0xff]).contains("a header within 10 bytes"))
    let long = Self.good + String(repeating: " ", count: 10_000)
    #expect(refusal(file(long)).contains("at most 10000 bytes"))
    for version: [UInt8] in [[0, 0], [1, 1], [4, 0], [0xff, 0xff]] {
      #expect(refusal(magic + version + [0, 0, 0, 0]).contains("version 1.0, 2.0 or 3.0"))
    }
  }

  @Test func shapesThatLie() {
    for shape in ["(4611686018427387904, 8, 0)", "(3037000500, 3037000500)"] {
      let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
      #expect(refusal(file(header)).contains("a shape whose extents can be multiplied"))
    }
    for shape in ["(8589934592,)", "(3,)", "()"] {
      let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
      #expect(refusal(file(header)).contains("8 bytes behind the header"))
      #expect(refusal(file(header.replacing("False", with: "True"))).contains("8 bytes behind the header"))
    }
    #expect(refusal(file(Self.good, elements: 9)).contains("found 9 bytes"))
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = file(Self.good)
    for count in 0..<bytes.count {
      #expect(throws: ScaleNetError.self) { try NumPyReader.array(.copying(Array(bytes[..<count]))) }
    }
  }

  @Test func noFlippedByteIsFatal() {
    let bytes = file(Self.good)
    for index in bytes.indices {
      for mask in UInt8(1)...255 {
        var damaged = bytes
        damaged[index] ^= mask
        do { _ = try NumPyReader.array(.copying(damaged)).bytes() } catch {
          #expect(error.kind == .invalidInput)
        }
      }
    }
  }

  @Test func archives() {
    func refusal(_ entries: [ZipAssembler.Entry]) -> String {
      message { _ = try NumPyReader.archive(.copying(ZipAssembler(entries).bytes(), origin: "test.npz")) }
    }
    let good = file(Self.good)
    #expect(refusal([ZipAssembler.Entry("a.txt", good)]).contains("an array named <name>.npy"))
    #expect(refusal([ZipAssembler.Entry(".npy", good)]).contains("an array named <name>.npy"))
    let damaged = refusal([ZipAssembler.Entry("a.npy", good), ZipAssembler.Entry("b.npy", [1, 2])])
    #expect(damaged.contains("member 'b.npy': expected an array file of numpy, found the bytes 01 02"))
    // 2 GiB from 2 MiB: within what deflate can do, beyond what is allowed.
    var bomb = ZipAssembler.Entry("a.npy", good, payload: [UInt8](repeating: 0, count: 2 << 20), method: 8)
    bomb.setBoth { $0.size = (1 << 31) - 1 }
    #expect(refusal([bomb]).contains("decompresses to 2147483647 bytes"))
  }
}
