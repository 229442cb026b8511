import FileIO
import KerasFormat
import ModelIR
import TestSupport
import Testing

/// Configurations that nobody should have to trust.
@Suite struct HostileConfigurationTests {
  private func layer(
    _ className: String, _ name: String, _ config: String = "", from: String? = "in", extra: String = ""
  ) -> String {
    let inbound = from.map { #"[[["\#($0)", 0, 0, {}]]]"# } ?? "[]"
    return #"{"class_name": "\#(className)", "name": "\#(name)", "config": {"name": "\#(name)"\#(config)}, "#
      + #""inbound_nodes": \#(inbound)\#(extra)}"#
  }

  private func model(_ layers: String..., output: String = "a") -> String {
    let input = layer("InputLayer", "in", #", "batch_input_shape": [null, 8, 8, 3]"#, from: nil)
    return #"{"class_name": "Functional", "config": {"name": "m", "layers": ["#
      + ([input] + layers).joined(separator: ", ")
      + #"], "input_layers": [["in", 0, 0]], "output_layers": [["\#(output)", 0, 0]]}}"#
  }

  /// What the reader says.
  private func message(_ configuration: String, weights: [(String, [Tensor])] = []) throws -> String {
    do {
      _ = try KerasReader.read(try file(configuration, weights: weights.map { (layer: $0.0, tensors: $0.1) }))
      return "read"
    } catch { return "\(error)" }
  }

  @Test func readsAGoodOne() throws {
    #expect(try message(model(layer("ReLU", "a"))) == "read")
    let kernel = Tensor([Float](repeating: 1, count: 24), shape: [2, 2, 3, 2])
    let conv = layer("Conv2D", "a", #", "filters": 2, "kernel_size": [2, 2], "use_bias": false"#)
    #expect(try message(model(conv), weights: [("a", [kernel])]) == "read")
  }

  @Test func resolvesNothing() throws {
    #expect(
      try message(model(layer("Lambda", "a", #", "function": ["4wEAAA==", null, null]"#))).contains(
        "found Lambda"))
    #expect(try message(model(layer("ReLU", "a", extra: #", "module": "os""#))).contains("module"))
    #expect(
      try message(model(layer("ReLU", "a", extra: #", "registered_name": "mine>ReLU""#))).contains(
        "registered_name"))
    let activation = layer("Activation", "a", #", "activation": "os.system""#)
    #expect(try message(model(activation)).contains("activation"))
    let object = layer(
      "Activation", "a", #", "activation": {"module": "builtins", "class_name": "function"}"#)
    #expect(try message(model(object)).contains("activation"))
    #expect(try message(#"{"class_name": "Evil", "config": {"layers": []}}"#).contains("class_name"))
  }

  @Test func namesWhatDoesNotFit() throws {
    let relu = layer("ReLU", "a")
    #expect(try message(model(relu, relu)).contains("names that differ"))
    #expect(try message(model(relu, output: "b")).contains("output_layers"))
    #expect(
      try message(model(layer("ReLU", "a", from: "b"), layer("ReLU", "b", from: "a"))).contains("a circle"))
    #expect(try message(model(layer("ReLU", "a", from: "none"))).contains("inbound_nodes"))
    #expect(try message(model(layer("ReLU", "a", #", "negative_slope": 0.5"#))).contains("negative_slope"))
    #expect(try message(model(layer("ReLU", "a", #", "surprise": 1"#))).contains("surprise"))
    #expect(try message(model(layer("ReLU", "a", #", "dtype": "float64""#))).contains("dtype"))
    #expect(try message(model(layer("Flatten", "a"))).contains("flattened map"))
    #expect(try message(model(layer("MaxPooling2D", "a", #", "data_format": "channels_first""#))) == "read")
    let mixed = model(
      layer("ReLU", "a0", #", "data_format": "channels_last""#),
      layer("MaxPooling2D", "a", #", "data_format": "channels_first""#, from: "a0"))
    #expect(try message(mixed) != "read")
  }

  @Test func checksWeights() throws {
    let conv = model(layer("Conv2D", "a", #", "filters": 2, "kernel_size": [2, 2], "use_bias": false"#))
    #expect(try message(conv).contains("nothing of that name"))
    let small = Tensor([Float](repeating: 1, count: 4), shape: [2, 2])
    #expect(
      try message(conv, weights: [("a", [small])]).contains("expected shape [2, 2, 3, 2], found [2, 2]"))
    #expect(try message(conv, weights: [("a", [small, small])]).contains("expected 1 weights, found 2"))
    let huge = model(layer("Conv2D", "a", #", "filters": 4611686018427387904, "kernel_size": [2, 2]"#))
    #expect(try message(huge) != "read")
    let dense = model(layer("UpSampling2D", "a", #", "size": [16777216, 16777216]"#))
    #expect(try message(dense) != "read")
  }

  @Test(
    arguments: [
      "", "{", "[]", "null", #"{"class_name": "Functional""#, #"{"class_name": "Functional",}"#,
      #"{"class_name": "Functional", "class_name": "Functional"}"#, #"{"a": 01}"#, #"{"a": 1.}"#,
      #"{"a": .5}"#, #"{"a": 1e}"#, #"{"a": -}"#, #"{"a": +1}"#, #"{"a": 1e999}"#,
      #"{"a": NaN}"#, #"{"a": "\ud800"}"#, "{\"a\": \"\u{1}\"}", #"{"a": "\x"}"#, #"{} {}"#,
      String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 100_000),
    ])
  func refusesWhatIsNoConfiguration(text: String) throws {
    let message = try message(text)
    #expect(message.hasPrefix("made.h5: attribute model_config"))
    #expect(!message.contains("\n"))
  }

  @Test func survivesDamage() throws {
    for name in ["keras2/several.h5", "keras3/several.keras"] {
      let bytes = try Fixtures.bytes("keras/\(name)")
      for count in stride(from: 0, to: bytes.count, by: 97) {
        _ = try? KerasReader.read(.copying(Array(bytes.prefix(count))))
      }
      for offset in stride(from: 0, to: bytes.count, by: 11) {
        for value: UInt8 in [0xff, 0, bytes[offset] ^ 1] {
          var damaged = bytes
          damaged[offset] = value
          _ = try? KerasReader.read(.copying(damaged))
        }
      }
    }
  }
}
