import SafetensorsFormat
import TestSupport
import Testing

/// Headers that are not what the format allows: each is refused with a message that says where and why.
@Suite struct HostileHeaderTests {
  private static let good = HeaderAssembler.good

  @Test func theFrameOfTheseTestsIsSound() throws {
    try HeaderAssembler.readAll(HeaderAssembler.file(Self.good))
    try HeaderAssembler.readAll(HeaderAssembler.file(Self.good + " \t\r\n  "))
  }

  @Test func lengthsThatLie() {
    let header = Array(Self.good.utf8)
    for length: UInt64 in [100_000_001, 1 << 32, 1 << 62, 1 << 63, .max] {
      #expect(
        HeaderAssembler.refusal(HeaderAssembler.file(header, length: length))
          == "test.safetensors: safetensors header at byte 0: expected a header of at most 100000000 bytes, "
          + "found one of \(length)")
    }
    for length in [header.count + 9, 100_000_000] {
      #expect(
        HeaderAssembler.refusal(HeaderAssembler.file(header, length: UInt64(length)))
          == "test.safetensors: safetensors header at byte 0: expected a header within the file's "
          + "\(header.count + 16) bytes, found one of \(length)")
    }
    #expect(HeaderAssembler.refusal([1, 2, 3]).hasSuffix("expected a length of 8 bytes, found 3 bytes"))
    // One byte too many or too few in the header.
    for length in [header.count - 1, header.count + 1, 0] {
      #expect(
        HeaderAssembler.refusal(HeaderAssembler.file(header, length: UInt64(length)))
          .hasPrefix("test.safetensors: safetensors header at byte "))
    }
  }

  @Test(arguments: [
    // Not JSON, or not all of it.
    "", " ", "[]", "null", "\"a\"", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":{", "{}x", "{}\0",
    "{}{}",
    "\u{feff}{}", " {}", "{,}", "{a:1}", "{'a':1}", "{}//", "{\"a\" {}}", "{\"a\"::{}}",
    // Commas.
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],}}"#,
    #"{"a":{"dtype":"F32","shape":[2,],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[,2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2,,1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2 1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32" "shape":[2],"data_offsets":[0,8]}}"#,
    #"{,"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
    // Numbers.
    #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[+2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[0x2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551624]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#,
    // Other types.
    #"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":null,"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":4,"shape":[2],"data_offsets":[0,8]}}"#,
    #"{"a":["F32",[2],[0,8]]}"#, #"{"a":null}"#, #"{"a":1}"#,
    // Keys.
    #"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, #"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2]}}"#, #"{"a":{}}"#,
    #"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"strides":[1]}}"#,
    #"{"a":{"Dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
    // Metadata.
    #"{"__metadata__":null}"#, #"{"__metadata__":"a"}"#, #"{"__metadata__":["a"]}"#,
    #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":{"a":null}}"#, #"{"__metadata__":{"a":{}}}"#,
    #"{"__metadata__":{"a":"b",}}"#, #"{"__metadata__":{"a":"b","a":"b"}}"#,
    #"{"__metadata__":{},"__metadata__":{}}"#,
    // Strings.
    #"{"\x":{}}"#, #"{"\":{}}"#, #"{"\u12":{}}"#, #"{"\u12G4":{}}"#, #"{"\ud800":{}}"#, #"{"\udc00":{}}"#,
    #"{"\ud800\n":{}}"#, #"{"\ud800\ud800":{}}"#, #"{"\ud800\u0041":{}}"#, #"{"\u00"#, #"{"\"#,
    "{\"a\nb\":{}}", "{\"a\0b\":{}}", "{\"\u{1b}[2J\":{}}",
  ])
  func isRefused(_ header: String) {
    let text = HeaderAssembler.refusal(HeaderAssembler.file(header))
    #expect(text.hasPrefix("test.safetensors: safetensors header at byte "))
  }

  @Test func placesAreTold() {
    func refusal(_ header: String) -> String { HeaderAssembler.refusal(HeaderAssembler.file(header)) }
    #expect(refusal(#"{"a":{"dtype":"F32","shape":[2],}}"#).contains("byte 40: expected '\"', found '}}'"))
    #expect(refusal(#"{"a":{"dtype":"F32","shape":[-2]}}"#).contains("byte 37: expected a whole number"))
    #expect(refusal("{}\u{1b}").hasSuffix("expected spaces to the header's end, found '\\u{1b}'"))
    #expect(
      refusal(#"{"__metadata__":{"k":"1","k":"2"}}"#).contains(
        "expected keys that differ, found a second 'k'"))
  }

  @Test func textThatIsNotUTF8() {
    for bytes: [UInt8] in [
      [0x80], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82],
    ] {
      for escape in ["", "\\n"] {
        let header = Array("{\"\(escape)".utf8) + bytes + Array("\":{}}".utf8)
        #expect(HeaderAssembler.refusal(HeaderAssembler.file(header)).contains("expected a string of UTF-8"))
      }
    }
  }

  @Test func deepHeader() {
    for (opening, place) in [("[", 37), ("{\"a\":", 36)] {
      let nested = String(repeating: opening, count: 100_000)
      #expect(HeaderAssembler.refusal(HeaderAssembler.file(nested)).contains("header at byte "))
      let shape = #"{"a":{"dtype":"F32","shape":"# + nested
      #expect(HeaderAssembler.refusal(HeaderAssembler.file(shape)).contains("header at byte \(place): "))
    }
  }

  @Test func headersThatWouldTakeMemory() {
    let axes = String(repeating: "1,", count: 64) + "1"
    #expect(
      HeaderAssembler.refusal(
        HeaderAssembler.file(#"{"a":{"dtype":"U8","shape":[\#(axes)],"data_offsets":[0,1]}}"#)
      ).contains("expected at most 64 axes, found more"))
    let tensors = (0...100_000).map { #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }
    let header = "{" + tensors.joined(separator: ",") + "}"
    #expect(
      HeaderAssembler.refusal(HeaderAssembler.file(header, count: 0)).contains(
        "expected at most 100000 tensors"))
    let strings = (0...100_000).map { "\"\($0)\":\"\"" }
    let metadata = "{\"__metadata__\":{" + strings.joined(separator: ",") + "}}"
    #expect(HeaderAssembler.refusal(HeaderAssembler.file(metadata)).contains("at most 100000 strings"))
  }
}
