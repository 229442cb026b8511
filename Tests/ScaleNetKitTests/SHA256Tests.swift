import CSHA256
import Testing

/// SHA-256 beside the examples that NIST publishes with FIPS 180-4, and the processor's instructions beside plain C.
@Suite struct SHA256Tests {
  /// The digest with the processor's instructions, and the one without, if they differ.
  private func digests(_ bytes: [UInt8]) -> Set<String> {
    var fast = [UInt8](repeating: 0, count: 32)
    var portable = fast
    unsafe scalenet_sha256(bytes, bytes.count, &fast)
    unsafe scalenet_sha256_portable(bytes, bytes.count, &portable)
    return Set(
      [fast, portable].map { digest in digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() })
  }

  @Test(arguments: [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func isAsPublished(text: String, count: Int, digest: String) {
    #expect(digests(Array(String(repeating: text, count: count).utf8)) == [digest])
  }

  @Test func isTheSameWithoutTheProcessorsInstructions() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 7) }
    for count in bytes.indices { #expect(digests(Array(bytes.prefix(count))).count == 1) }
  }
}
