import FileIO
import SafetensorsFormat
import TestSupport
import Testing

/// Small files, cut off and changed at every byte.
@Suite struct DamageTests {
  @Test(arguments: ["foreign", "special", "metadata", "names"])
  func everyTruncationIsRefused(_ name: String) throws {
    let bytes = try Fixtures.bytes("safetensors/\(name).safetensors")
    try HeaderAssembler.readAll(bytes)
    for count in 0..<bytes.count {
      #expect(throws: ScaleNetError.self) { try HeaderAssembler.readAll(Array(bytes[..<count])) }
    }
    #expect(throws: ScaleNetError.self) { try HeaderAssembler.readAll(bytes + [0]) }
  }

  @Test(arguments: ["foreign", "special", "metadata", "names"])
  func noFlippedByteIsFatal(_ name: String) throws {
    let bytes = try Fixtures.bytes("safetensors/\(name).safetensors")
    var refused = 0
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x04, 0x20, 0x80, 0xff] {
        var damaged = bytes
        damaged[index] ^= mask
        do { try HeaderAssembler.readAll(damaged) } catch {
          refused += 1
          #expect((error as? ScaleNetError)?.kind == .invalidInput)
        }
      }
    }
    // Letters of names and elements may change unnoticed; what holds the file together may not.
    #expect(refused > 2 * bytes.count)
  }

  @Test func noByteIsFatal() throws {
    let bytes = HeaderAssembler.file(HeaderAssembler.good)
    for index in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var damaged = bytes
        damaged[index] = value
        do { try HeaderAssembler.readAll(damaged) } catch {
          #expect((error as? ScaleNetError)?.kind == .invalidInput)
        }
      }
    }
  }
}
