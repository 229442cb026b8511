import SafetensorsFormat
import TestSupport
import Testing

/// Headers that are JSON, but whose tensors do not fit each other or the file: each is refused, and the tensor named.
@Suite struct HostileLayoutTests {
  private func refusal(_ tensors: String..., count: Int = 8) -> String {
    HeaderAssembler.refusal(HeaderAssembler.file("{" + tensors.joined(separator: ",") + "}", count: count))
  }

  private func tensor(_ name: String, _ shape: String, _ begin: String, _ end: String, type: String = "F32")
    -> String
  {
    #""\#(name)":{"dtype":"\#(type)","shape":[\#(shape)],"data_offsets":[\#(begin),\#(end)]}"#
  }

  @Test func holes() {
    #expect(
      refusal(tensor("a", "1", "4", "8"))
        == "test.safetensors: tensor 'a': expected data from byte 0 on, without a hole or an overlap, found byte 4"
    )
    #expect(
      refusal(tensor("b", "1", "8", "12"), tensor("a", "1", "0", "4"), count: 12)
        .contains("tensor 'b': expected data from byte 4 on"))
    #expect(
      refusal(tensor("a", "1", "0", "4"))
        == "test.safetensors: expected 4 bytes of data behind the header, found 8")
    #expect(refusal(count: 1) == "test.safetensors: expected 0 bytes of data behind the header, found 1")
  }

  @Test func overlaps() {
    #expect(
      refusal(tensor("a", "2", "0", "8"), tensor("b", "1", "4", "8"))
        .contains("tensor 'b': expected data from byte 8 on, without a hole or an overlap, found byte 4"))
    #expect(
      refusal(tensor("a", "2", "0", "8"), tensor("b", "2", "0", "8")).contains(
        "tensor 'b': expected data from byte 8"))
    // Even a tensor without bytes has its place.
    #expect(
      refusal(tensor("a", "2", "0", "8"), tensor("b", "0", "4", "4")).contains(
        "tensor 'b': expected data from byte 8"))
  }

  @Test func endsThatAreNotTheFiles() {
    #expect(
      refusal(tensor("a", "4", "0", "16"))
        == "test.safetensors: tensor 'a': expected data within the 8 bytes behind the header, found bytes 0..<16"
    )
    let far = "9223372036854775807"
    #expect(refusal(tensor("a", "2", "0", far)).contains("found bytes 0..<\(far)"))
    #expect(refusal(tensor("a", "0", far, far)).contains("found bytes \(far)..<\(far)"))
    #expect(refusal(tensor("a", "2", "8", "0")).contains("expected data_offsets of a beginning and an end"))
    for offsets in ["", "0", "8"] {
      #expect(
        refusal(#""a":{"dtype":"F32","shape":[2],"data_offsets":[\#(offsets)]}"#)
          .contains(
            "tensor 'a': expected data_offsets of a beginning and an end not before it, found [\(offsets)]"))
    }
  }

  @Test func shapesThatLie() {
    #expect(
      refusal(tensor("a", "3", "0", "8"))
        == "test.safetensors: tensor 'a': expected 12 bytes for float32 elements of shape [3], found 8")
    for shape in ["", "2,2", "0", "1,0,2"] {
      #expect(refusal(tensor("a", shape, "0", "8")).contains("elements of shape ["))
    }
    for shape in [
      "4611686018427387904,8,0", "0,4611686018427387904,8", "9223372036854775807,9223372036854775807",
      "3037000500,3037000500", "9223372036854775807",
    ] {
      #expect(
        refusal(tensor("a", shape, "0", "8")).contains("tensor 'a': expected a shape whose extents can be"))
      #expect(refusal(tensor("a", shape, "0", "0"), count: 0).contains("a shape whose extents can be"))
    }
    #expect(
      refusal(tensor("a", "2305843009213693952", "0", "8", type: "F64")).contains("a shape whose extents"))
  }

  @Test func names() {
    let good = tensor("a", "1", "0", "4")
    for second in ["a", #"\u0061"#] {
      #expect(
        refusal(good, tensor(second, "1", "4", "8")).contains("expected keys that differ, found a second 'a'")
      )
      #expect(refusal(good, tensor(second, "1", "0", "4"), count: 4).contains("found a second 'a'"))
    }
    let escape = refusal(tensor(#"\u001b[2J\n\u202e"#, "1", "4", "8"))
    #expect(
      escape.hasPrefix(#"test.safetensors: tensor '\u{1b}[2J\u{a}\u{202e}': expected data from byte 0"#))
    #expect(
      refusal(tensor(String(repeating: "n", count: 100_000), "1", "4", "8")).contains("nnn...': expected"))
  }

  @Test(arguments: [
    "F4", "F6_E2M3", "F6_E3M2", "f32", "F32 ", "", "C128", "I4",
  ])
  func elementTypes(_ type: String) {
    let text = refusal(tensor("layer.weight", "2", "0", "8", type: type))
    #expect(text.hasPrefix("test.safetensors: tensor 'layer.weight': expected an element type of U64, "))
    #expect(text.hasSuffix("BOOL, found \(type)"))
  }
}
