import FileIO
import JSONText
import Testing

/// Strings, numbers and brackets of JSON, whole and damaged. What numbers are worth was computed by Python.
@Suite struct JSONCursorTests {
  /// What `read` gives of a text, with the place where it stopped; or the failure.
  private func outcome<Value>(
    _ text: [UInt8], longestString: Int = .max,
    _ read: (inout JSONCursor, RawSpan) throws(ScaleNetError) -> Value
  ) -> Result<Value, ScaleNetError> {
    let bytes = unsafe text.span.bytes
    var cursor = JSONCursor(0..<bytes.byteCount, longestString: longestString)
    do throws(ScaleNetError) {
      let value = try read(&cursor, bytes)
      try cursor.requireEnd(bytes)
      return .success(value)
    } catch { return .failure(error) }
  }

  private func string(_ text: [UInt8], longest: Int = .max) -> Result<String, ScaleNetError> {
    outcome(text, longestString: longest) { cursor, bytes throws(ScaleNetError) in try cursor.string(bytes) }
  }

  private func string(_ text: String, longest: Int = .max) -> Result<String, ScaleNetError> {
    string(Array(text.utf8), longest: longest)
  }

  private func failure<Value>(_ result: Result<Value, ScaleNetError>) -> ScaleNetError? {
    if case .failure(let failure) = result { failure } else { nil }
  }

  @Test(arguments: [
    (#""""#, ""), (#" "a" "#, "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (#""\u0000\u00e9\u00E9""#, "\0éé"), (#""a\ud83d\ude00b""#, "a\u{1f600}b"), (#""\uffff""#, "\u{ffff}"),
    (#""é\u0020ü""#, "é ü"),
  ])
  func readsStrings(text: String, expected: String) {
    #expect(string(text) == .success(expected))
  }

  @Test(arguments: [
    ("a", 0, "'\"'"), ("\"a", 2, "the end of a string"), (#""\x""#, 2, "an escape of JSON"),
    (#""\"#, 2, "an escaped character"), (#""\u12"#, 5, "four hexadecimal digits"),
    (#""\u12G4""#, 5, "four hexadecimal digits"), (#""\ud800""#, 7, "a pair of surrogates"),
    (#""\udc00""#, 7, "a pair of surrogates"), (#""\ud800\ud800""#, 13, "a pair of surrogates"),
    (#""\ud800\n""#, 8, "a pair of surrogates"), ("\"a\nb\"", 2, "no control characters in a string"),
    ("\"\" x", 3, "the end of the text"),
  ])
  func refusesStrings(text: String, offset: Int, expected: String) {
    let failure = failure(string(text))
    #expect(failure?.offset == offset)
    #expect(failure?.expected == expected)
  }

  @Test func refusesWhatIsNotUTF8() {
    for bytes: [UInt8] in [
      [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82],
    ] {
      for escape in ["", "\\n"] {
        let quote = UInt8(ascii: "\"")
        let failure = failure(string([quote] + Array(escape.utf8) + bytes + [quote]))
        #expect(failure?.offset == 1)
        #expect(failure?.expected == "UTF-8")
      }
    }
  }

  @Test func limitsStrings() {
    #expect(string(#""abcd""#, longest: 4) == .success("abcd"))
    #expect(string(#""\u0061\u0062\u0063\u0064""#, longest: 4) == .success("abcd"))
    #expect(failure(string(#""abcde""#, longest: 4))?.expected == "a string of at most 4 bytes")
    #expect(failure(string(#""\u0061bcde""#, longest: 4))?.offset == 1)
  }

  @Test(arguments: [
    ("0", 0.0, 0), ("-0", -0.0, 0), ("-12", -12, -12), ("1e2", 100, nil), ("1.0", 1, nil),
    ("1E-05", 1e-5, nil),
    ("9223372036854775807", 0x1p63, 9_223_372_036_854_775_807),
    ("-9223372036854775808", -0x1p63, .min), ("9223372036854775808", 0x1p63, nil),
    ("-9223372036854775809", -0x1p63, nil), ("18446744073709551616", 0x1p64, nil),
    ("9007199254740993", 0x1p53, 9_007_199_254_740_993),
    ("123456789012345678", 0x1.b69b4ba630f35p+56, 123_456_789_012_345_678),
    ("0.1", 0x1.999999999999ap-4, nil), ("2.2250738585072014e-308", 0x1p-1022, nil),
    ("5e-324", 0x1p-1074, nil), ("1.7976931348623157e308", 0x1.fffffffffffffp1023, nil),
    ("123456789012345678e-18", 0x1.f9add3746f65fp-4, nil),
  ])
  func readsNumbersExactly(text: String, value: Double, integer: Int?) throws {
    let result = outcome(Array(text.utf8)) { cursor, bytes throws(ScaleNetError) in try cursor.number(bytes) }
    let number = try result.get()
    #expect(number.value == value && number.value.sign == value.sign)
    #expect(number.integer == integer)
  }

  @Test(arguments: [
    "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1e400", "-1e400", "NaN", "Infinity", "-inf", "0x1",
    "1 2",
    "1_0",
  ])
  func refusesNumbers(text: String) {
    let result = outcome(Array(text.utf8)) { cursor, bytes throws(ScaleNetError) in try cursor.number(bytes) }
    #expect(failure(result) != nil)
  }

  @Test func readsNumbersThatAreNotFiniteIfAsked() throws {
    for (text, value) in [("Infinity", Double.infinity), ("-inf", -.infinity), ("inf", .infinity)] {
      let result = outcome(Array(text.utf8)) { cursor, bytes throws(ScaleNetError) in
        try cursor.number(bytes, allowsNonFinite: true)
      }
      #expect(try result.get().value == value)
    }
  }

  @Test(arguments: ["1.0", "1e0", "-", "x", "9223372036854775808", "\"1\"", ""])
  func integersAreWhole(text: String) {
    let result = outcome(Array(" \(text)".utf8)) { cursor, bytes throws(ScaleNetError) in
      try cursor.integer(bytes, expected: "a whole one")
    }
    #expect(failure(result)?.expected == "a whole one")
    #expect(failure(result)?.offset == 1)
  }

  /// Reads an object of arrays of arrays and so on, and gives its keys.
  private func keys(_ text: String) -> Result<[String], ScaleNetError> {
    outcome(Array(text.utf8)) { cursor, bytes throws(ScaleNetError) in
      try cursor.open("{", bytes)
      var keys = Set<String>()
      var list: [String] = []
      while let key = try cursor.key(&keys, bytes) {
        list.append(key)
        try Self.arrays(&cursor, bytes)
      }
      return list
    }
  }

  private static func arrays(_ cursor: inout JSONCursor, _ bytes: RawSpan) throws(ScaleNetError) {
    try cursor.open("[", bytes)
    var isFirst = true
    while try cursor.element(isFirst: isFirst, bytes) {
      isFirst = false
      try arrays(&cursor, bytes)
    }
  }

  @Test func readsBrackets() {
    #expect(keys(" { } ") == .success([]))
    #expect(keys(#"{"a": [[], [ [ ] ]], "b" :[]}"#) == .success(["a", "b"]))
  }

  @Test(arguments: [
    (#"{"a": [], "a": []}"#, 10, "keys that differ"), (#"{"a": [], "\u0061": []}"#, 10, "keys that differ"),
    (#"{"a": [],}"#, 9, "a value"), (#"{"a": [[],]}"#, 10, "'['"), (#"{"a": [,[]]}"#, 7, "'['"),
    (#"{,"a": []}"#, 1, "a key"), (#"{"a" []}"#, 5, "':'"), (#"{"a": [] "b": []}"#, 9, "',' or '}'"),
    (#"{"a": [[] []]}"#, 10, "',' or ']'"), (#"{"a": []}]"#, 9, "the end of the text"), ("{", 1, "a key"),
    (#"{"a": [}"#, 7, "'['"),
  ])
  func refusesBrackets(text: String, offset: Int, expected: String) {
    let failure = failure(keys(text))
    #expect(failure?.offset == offset)
    #expect(failure?.expected == expected)
  }

  @Test func isRefusedWhereverItIsCut() {
    let text = #"{"a": [[], [[]]], "b\u00e9\ud83d\ude00": []}"#
    #expect(failure(keys(text)) == nil)
    for count in 0..<text.utf8.count {
      #expect(failure(keys(String(text.prefix(count))))?.offset ?? .max <= count)
    }
  }

  @Test func limitsDepthAndCountsWhatIsOpen() {
    func nested(_ depth: Int) -> String {
      #"{"a": "# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(keys(nested(63)) == .success(["a"]))
    #expect(
      failure(keys(nested(64)))
        == ScaleNetError(
          offset: 69, expected: "at most 64 levels", found: "'[" + String(repeating: "]", count: 23) + "'"))
    #expect(failure(keys(nested(1_000_000)))?.offset == 69)
    let wide = "{\"a\": [" + String(repeating: "[], ", count: 200) + "[]]}"
    #expect(keys(wide) == .success(["a"]))
  }
}
