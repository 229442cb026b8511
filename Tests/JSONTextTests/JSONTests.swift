import FileIO
import JSONText
import Testing

@Suite struct JSONTests {
  @Test func readsEveryKindOfValue() throws {
    let text =
      #" {"a": [1, -2, 0, 1.5, -2e3, 1E-05], "b": {"c": null, "d": true, "e": false}, "f": "x\"\\\n\u00e9\ud83d\ude00"} "#
    let value = try JSONParser.parse(Array(text.utf8))
    #expect(value["a"] == [1, -2, 0, .number(1.5), .number(-2000), .number(1e-5)])
    #expect(value["b"] == .members(["c": nil, "d": true, "e": false]))
    #expect(value["f"] == .string("x\"\\\n\u{e9}\u{1f600}"))
    #expect(value["none"] == nil)
  }

  @Test func writesWhatItReads() throws {
    let value = JSON.members([
      "name": .string("a\u{1}\"\\\u{e9}"), "list": [1, .number(1e-05), .number(0.9), nil, true, .array([])],
      "object": .object([]),
    ])
    #expect(try JSONParser.parse(Array(value.text.utf8)) == value)
    #expect(value.text == #"{"name": "a\u0001\"\\é", "list": [1, 1e-05, 0.9, null, true, []], "object": {}}"#)
  }

  @Test func saysWhereItFails() {
    #expect {
      try JSONParser.parse(Array(#"{"a": 1, "a": 2}"#.utf8))
    } throws: { error in
      (error as? ScaleNetError)?.offset == 9
    }
  }
}
