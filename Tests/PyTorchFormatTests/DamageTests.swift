import FileIO
import ModelIR
import PyTorchFormat
import TestSupport
import Testing

/// Small checkpoints of PyTorch, cut off and flipped at every byte.
@Suite struct DamageTests {
  /// Reads everything: structure, checksums and elements.
  private func readAll(_ bytes: [UInt8]) throws {
    let weights = try PyTorchReader.read(.copying(bytes, origin: "test.pth"), verifyChecksums: true)
    for entry in weights.entries where entry.tensor.byteCount < 1 << 16 { _ = try entry.tensor.bytes() }
  }

  @Test(arguments: [
    "plain.legacy", "no_byteorder", "deflated", "views.legacy", "network", "objects.protocol4", "script",
    "exported.pt2", "exported.older.pt2",
  ])
  func everyTruncationIsRefused(_ name: String) throws {
    let bytes = try Fixtures.bytes("pytorch/" + (name.hasSuffix(".pt2") ? name : name + ".pth"))
    try readAll(bytes)
    for count in 0..<bytes.count {
      #expect(throws: ScaleNetError.self) { try readAll(Array(bytes[..<count])) }
    }
  }

  @Test(arguments: [
    "plain.legacy", "no_byteorder", "deflated", "python2.legacy", "network", "objects.protocol1", "script",
    "exported.pt2", "exported.older.pt2",
  ])
  func noFlippedByteIsFatal(_ name: String) throws {
    let bytes = try Fixtures.bytes("pytorch/" + (name.hasSuffix(".pt2") ? name : name + ".pth"))
    var refused = 0
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0xff] {
        var damaged = bytes
        damaged[index] ^= mask
        do throws(any Error) { try readAll(damaged) } catch {
          refused += 1
          #expect((error as? ScaleNetError)?.kind == .invalidInput)
        }
      }
    }
    // Names and elements of legacy files may change unnoticed, and of archives what stands between members; what holds
    // the file together may not.
    // Of a program, what it computes stands beside the weights and is not read.
    #expect(refused > bytes.count / (name.hasSuffix(".pt2") ? 3 : 2))
  }
}
