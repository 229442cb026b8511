import FileIO
import RecordingFormat
import TestSupport
import Testing

@Suite struct EngineTests {
  /// A layer in the words of TensorRT 8.6 and 10.
  private static let older = """
    {"Layers": [{"Name": "a + b", "LayerType": "CaskConvolution", "Inputs": [], "Outputs": [{"Name": "y", "Location": \
    "Device", "Dimensions": [1, 2], "Format/Datatype": "Half"}], "ParameterType": "Convolution", "Beta": -inf, "Weights": \
    {"Type": "Half", "Count": 9, "Count": 9}, "HasBias": true, "TacticName": "sm80", "StreamId": 1, "Metadata": \
    "[ONNX Layer: a]\\u001e[ONNX Layer: b]"}, "c"], "Bindings": ["x", "y"]}
    """
  /// The same in those of TensorRT 11.
  private static let newer = """
    {"Layers": [{"Name": "a + b", "LayerType": "CaskConvolution", "Outputs": [{"Name": "y", "DataType": "Half", "Format": \
    "Linear"}], "TacticName": "sm80", "StreamId": 1, "Metadata": "[ONNX Layer: a]\\u001e[ONNX Layer: b]"}, "c"], \
    "I/O Tensors": [{"Name": "x", "IOMode": "INPUT"}, {"Name": "y"}], "ProfilingVerbosity": "DETAILED", "Engine Metadata": \
    {"Multi-Device": "Disabled"}}
    """
  private static let times = """
    [
      { "count" : 3 }
    , { "name" : "a + b", "timeMs" : 1.5, "averageMs" : 0.5, "medianMs" : 0.4, "percentage" : 100 }
    , { "name" : "c", "timeMs" : 0, "averageMs" : 0, "percentage" : -nan }
    , { "name" : "c", "timeMs" : 6 }
    ]
    """

  @Test(arguments: [(older, "Half"), (newer, "Half Linear")])
  func readsLayers(text: String, format: String) throws {
    let engine = try EngineLayers(file(text))
    #expect(engine.layers.map(\.name) == ["a + b", "c"] && engine.tensors == ["x", "y"])
    let first = engine.layers[0]
    #expect(first.type == "CaskConvolution" && first.tactic == "sm80" && first.stream == 1)
    #expect(first.metadata == "[ONNX Layer: a]\u{1e}[ONNX Layer: b]")
    #expect(first.outputs == ["y"] && first.format == format)
    #expect(engine.layers[1] == EngineLayer(name: "c") && engine.notes.isEmpty)
  }

  @Test func saysWhatIsNotLookedAt() throws {
    let engine = try EngineLayers(file("{\"Layers\": [\"a\"], \"Speed\": {\"x\": [1, null]}}"))
    #expect(engine.notes.count == 2 && engine.notes[0].contains("Speed"))
    #expect(engine.notes[1].contains("--profilingVerbosity=detailed"))
  }

  @Test func readsTimes() throws {
    let profile = try EngineProfile(file(Self.times))
    #expect(profile.runs == 3 && profile.layers.map(\.name) == ["a + b", "c", "c"])
    #expect(profile.layers.map(\.averageMs) == [0.5, 0, 2])
    #expect(profile.layers.map(\.medianMs) == [0.4, nil, nil])
  }

  @Test func survivesTruncationAndFlips() {
    for text in [Self.older, Self.newer, Self.times] {
      let good = Array(text.utf8)
      func read(_ bytes: [UInt8]) {
        // A letter of a name may have become another; what matters is that reading ends.
        _ = try? EngineLayers(.copying(bytes, origin: "test.json"))
        _ = try? EngineProfile(.copying(bytes, origin: "test.json"))
      }
      for count in good.indices { read(Array(good[..<count])) }
      for index in good.indices {
        for bit in 0..<8 {
          var damaged = good
          damaged[index] ^= 1 << UInt8(bit)
          read(damaged)
        }
      }
    }
  }

  @Test func nestingEnds() {
    let deep = "{\"Layers\": [" + String(repeating: "[", count: 100_000)
    #expect(message { _ = try EngineLayers(file(deep)) }.contains("test.json"))
    let inner = "{\"Layers\": [{\"Name\": \"a\", \"x\": " + String(repeating: "{\"a\":", count: 100_000)
    #expect(message { _ = try EngineLayers(file(inner)) }.contains("test.json"))
  }
}
