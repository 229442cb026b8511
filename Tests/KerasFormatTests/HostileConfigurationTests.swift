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
    #expect(try message(model(layer("ReLU", "a", #", "negative_slope": -0.5"#))).contains("negative_slope"))
    #expect(try message(model(layer("ReLU", "a", #", "threshold": -0.5"#))).contains("threshold"))
    #expect(try message(model(layer("ReLU", "a", #", "surprise": 1"#))).contains("surprise"))
    #expect(try message(model(layer("ReLU", "a", #", "dtype": "float64""#))).contains("dtype"))
    #expect(try message(model(layer("Flatten", "a"))) == "read")
    #expect(try message(model(layer("MaxPooling2D", "a", #", "data_format": "channels_first""#))) == "read")
    let mixed = model(
      layer("ReLU", "a0", #", "data_format": "channels_last""#),
      layer("MaxPooling2D", "a", #", "data_format": "channels_first""#, from: "a0"))
    #expect(try message(mixed) != "read")
  }

  @Test(
    arguments: [
      ("Cropping2D", #", "cropping": [[4, 4], [0, 0]]"#, "cropping"),
      ("Cropping2D", #", "cropping": [[-1, 0], [0, 0]]"#, "cropping"),
      ("Cropping2D", #", "cropping": [1]"#, "cropping"),
      ("Cropping2D", #", "cropping": 9223372036854775807"#, "cropping"),
      ("Permute", #", "dims": [1, 2]"#, "dims"), ("Permute", #", "dims": [0, 1, 2]"#, "dims"),
      ("Permute", #", "dims": [1, 1, 3]"#, "dims"), ("Permute", "", "dims"),
      ("Reshape", #", "target_shape": [-1, -1]"#, "target_shape"),
      ("Reshape", #", "target_shape": [7]"#, "target_shape"),
      ("Reshape", #", "target_shape": []"#, "target_shape"),
      ("Reshape", #", "target_shape": [0, -1]"#, "target_shape"),
      ("Reshape", #", "target_shape": [-192]"#, "target_shape"),
      ("Reshape", #", "target_shape": [4294967296, 4294967296, 192]"#, "target_shape"),
      ("Rescaling", #", "scale": [1, 2]"#, "scale"), ("Rescaling", #", "scale": "all""#, "scale"),
      ("Normalization", #", "axis": -1, "mean": [1, 2], "variance": [1, 2]"#, "mean"),
      ("Normalization", #", "axis": 7, "mean": 1, "variance": 1"#, "axis"),
      ("Normalization", #", "axis": -1, "mean": 1, "variance": 1, "invert": 2"#, "invert"),
      ("PReLU", #", "shared_axes": [0]"#, "shared_axes"), ("PReLU", #", "shared_axes": 1"#, "shared_axes"),
      ("Activation", #", "activation": "sparsemax""#, "activation"),
      ("Activation", #", "activation": {"class_name": "PReLU", "config": {"name": "p"}}"#, "activation"),
      ("Activation", #", "activation": {"class_name": "ReLU", "module": "os", "config": {}}"#, "activation"),
      ("LeakyReLU", #", "alpha": "x""#, "alpha"),
      ("Add", "", "two layers"), ("Subtract", "", "two layers"), ("Average", "", "two layers"),
      ("SeparableConv2D", #", "filters": -1, "kernel_size": 3"#, "filters"),
      (
        "SeparableConv2D", #", "filters": 1, "kernel_size": 3, "depth_multiplier": 1099511627776"#,
        "depth_multiplier"
      ),
      ("GlobalMaxPooling2D", #", "keepdims": 3"#, "keepdims"), ("Maximum", "", "two layers"),
      ("ELU", #", "alpha": Infinity"#, "alpha"), ("Minimum", "", "two layers"),
      ("ReLU", #", "negative_slope": NaN"#, "negative_slope"),
      ("Rescaling", #", "scale": Infinity"#, "scale"), ("Dot", #", "axes": 1"#, "axes"),
      ("LayerNormalization", #", "axis": [0]"#, "axis"), ("LayerNormalization", #", "axis": [1, 1]"#, "axis"),
      ("LayerNormalization", #", "rms_scaling": true"#, "rms_scaling"),
      ("GroupNormalization", #", "groups": 2"#, "groups"), ("UnitNormalization", #", "axis": 9"#, "axis"),
      ("Conv2DTranspose", #", "filters": 0, "kernel_size": 3"#, "filters"),
      ("Conv2DTranspose", #", "filters": 1, "kernel_size": 3, "groups": 3"#, "groups"),
      ("Conv2DTranspose", #", "filters": 1, "kernel_size": 3, "output_padding": -1"#, "output_padding"),
      ("Merge", #", "mode": "dot""#, "mode"), ("TFOpLambda", #", "function": "py_function""#, "function"),
      ("TFOpLambda", #", "function": "math.add""#, "two operands"), ("RandomCrop", "", "found RandomCrop"),
    ])
  func namesLayerAndPlace(className: String, config: String, place: String) throws {
    let message = try message(model(layer(className, "a", config)))
    #expect(message.contains("layer a (\(className))"))
    #expect(message.contains(place), "\(message)")
  }

  /// Of what Keras lays out in an order of its own, the graph has every element.
  @Test func ordersOfAxesAreRead() throws {
    func output(_ layers: String...) throws -> [Dimension] {
      let input = layer("InputLayer", "in", #", "batch_input_shape": [2, 8, 6, 3]"#, from: nil)
      let text =
        #"{"class_name": "Functional", "config": {"name": "m", "layers": ["#
        + ([input] + layers).joined(separator: ", ")
        + #"], "input_layers": [["in", 0, 0]], "output_layers": [["out", 0, 0]]}}"#
      let graph = try KerasReader.read(try file(text)).graph
      return graph[graph.outputs[0]].type.dimensions
    }
    let pad = layer("ZeroPadding2D", "pad", #", "padding": 1"#)
    // [2, 10, 8, 3] as [2, 8, 10, 3], and NCHW of that.
    #expect(try output(pad, layer("Permute", "out", #", "dims": [2, 1, 3]"#, from: "pad")) == [2, 3, 8, 10])
    #expect(
      try output(pad, layer("Flatten", "out", #", "data_format": "channels_first""#, from: "pad")) == [
        2, 240,
      ])
    let deep = layer("Reshape", "deep", #", "target_shape": [2, 4, -1, 3]"#)
    let turned = layer("Permute", "turned", #", "dims": [4, 1, 3, 2]"#, from: "deep")
    #expect(try output(deep, turned, layer("Flatten", "out", from: "turned")) == [2, 144])
    #expect(try output(deep, turned, layer("ReLU", "out", from: "turned")) == [2, 3, 2, 6, 4])
    #expect(throws: ScaleNetError.self) {
      try output(deep, layer("MaxPooling2D", "out", from: "deep"))
    }
  }

  @Test func modelsWithinTheModelAreRead() throws {
    let config = #"{"class_name": "Functional", "config": {"name": "m", "layers": ["#
    func nested(_ inside: String, outputs: String = #"[["r", 0, 0]]"#, call: String = #"["in", 0, 0, {}]"#)
      -> String
    {
      let input = layer("InputLayer", "in", #", "batch_input_shape": [null, 8, 8, 3]"#, from: nil)
      return config + input
        + #", {"class_name": "Functional", "name": "inner", "config": {"name": "inner", "layers": ["# + inside
        + #"], "input_layers": [["x", 0, 0]], "output_layers": "# + outputs + #"}, "inbound_nodes": [["#
        + call
        + #"]]}], "input_layers": [["in", 0, 0]], "output_layers": [["inner", 1, 0]]}}"#
    }
    let input = layer("InputLayer", "x", from: nil)
    let relu = layer("ReLU", "r", from: "x")
    #expect(try message(nested("\(input), \(relu)")) == "read")
    #expect(try message(nested("\(input), \(relu)", outputs: #"[["none", 0, 0]]"#)).contains("model inner"))
    #expect(try message(nested(relu)).contains("layer r (ReLU): inbound_nodes"))
    #expect(
      try message(nested("\(input), \(relu)", call: #"["in", 0, 0, {}], ["in", 0, 0, {}]"#)).contains(
        "1 inputs"))
    // What is called on its own result.
    #expect(try message(nested("\(input), \(relu)", call: #"["inner", 1, 0, {}]"#)).contains("a circle"))
    let drop = layer("Dropout", "r", #", "rate": 0.5"#, from: "x")
    #expect(
      try message(nested("\(input), \(drop)", call: #"["in", 0, 0, {"training": true}]"#)).contains(
        "training"))
    var deep = #"{"class_name": "Sequential", "config": {"layers": []}}"#
    for _ in 0..<1000 {
      deep = #"{"class_name": "Sequential", "name": "s", "config": {"layers": ["# + deep + "]}}"
    }
    #expect(try message(deep) != "read")
  }

  /// Layers that are called again, operations on them, and calls that are not there.
  @Test func callsOfLayersAreRead() throws {
    func model(_ calls: String, _ last: String) -> String {
      let input = layer("InputLayer", "in", #", "batch_input_shape": [null, 8, 8, 3]"#, from: nil)
      return #"{"class_name": "Functional", "config": {"name": "m", "layers": ["# + input
        + #", {"class_name": "ReLU", "name": "r", "config": {"name": "r"}, "inbound_nodes": "# + calls + "}, "
        + last + #"], "input_layers": [["in", 0, 0]], "output_layers": [["a", 0, 0]]}}"#
    }
    let twice = #"[[["in", 0, 0, {}]], [["r", 0, 0, {}]]]"#
    func operation(_ node: String, function: String = "math.multiply") -> String {
      #"{"class_name": "TFOpLambda", "name": "a", "config": {"name": "a", "function": ""# + function
        + #""}, "inbound_nodes": ["# + node + "]}"
    }
    #expect(try message(model(twice, operation(#"["r", 1, 0, {"y": ["r", 0, 0], "name": null}]"#))) == "read")
    #expect(try message(model(twice, operation(#"["r", 1, 0, {"y": [1, 2, 3]}]"#))) == "read")
    #expect(
      try message(model(twice, operation(#"["_CONSTANT_VALUE", -1, 2, {"y": ["r", 1, 0]}]"#))) == "read")
    #expect(try message(model(twice, operation(#"["r", 2, 0, {"y": 1}]"#))).contains("layer a (TFOpLambda)"))
    #expect(
      try message(model(twice, operation(#"["r", 1, 0, {"y": [1, 2]}]"#))).contains("be broadcast with"))
    #expect(try message(model(twice, operation(#"["r", 1, 0, {"z": 1}]"#))).contains("operands x and y"))
    #expect(try message(model(twice, operation(#"["_CONSTANT_VALUE", -1, 2, {"y": 3}]"#))) != "read")
    // A layer that reads its own second call.
    #expect(
      try message(model(#"[[["r", 1, 0, {}]], [["r", 0, 0, {}]]]"#, layer("ReLU", "a", from: "r"))).contains(
        "a circle"))
    // As many calls within each other as would take forever.
    var nested = layer("ReLU", "r", from: "x")
    for _ in 0..<40 {
      nested =
        #"{"class_name": "Functional", "name": "r", "config": {"name": "r", "layers": ["#
        + layer("InputLayer", "x", from: nil) + ", " + nested
        + #"], "input_layers": [["x", 0, 0]], "output_layers": [["r", 0, 0]]}, "inbound_nodes": "#
        + #"[[["x", 0, 0, {}]], [["x", 0, 0, {}]], [["x", 0, 0, {}]]]}"#
    }
    #expect(try message(#"{"class_name": "Functional", "config": {"layers": ["# + nested + "]}}") != "read")
  }

  @Test func checksWeights() throws {
    let conv = model(layer("Conv2D", "a", #", "filters": 2, "kernel_size": [2, 2], "use_bias": false"#))
    #expect(try message(conv).contains("expected 1 layers with weights, among them a, found 0"))
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

  /// A damaged file is refused by name, or gives a graph that holds together.
  private func check(_ bytes: [UInt8]) throws {
    let model = readingDamaged("d.keras") { () throws(ScaleNetError) in
      try KerasReader.read(.copying(bytes, origin: "d.keras"))
    }
    try model?.graph.validate()
  }

  @Test func survivesDamage() throws {
    for name in ["keras2/several.h5", "keras3/several.keras"] {
      let bytes = try Fixtures.bytes("keras/\(name)")
      for count in stride(from: 0, to: bytes.count, by: 97) {
        try check(Array(bytes.prefix(count)))
      }
      for offset in stride(from: 0, to: bytes.count, by: 11) {
        for value: UInt8 in [0xff, 0, bytes[offset] ^ 1] {
          var damaged = bytes
          damaged[offset] = value
          try check(damaged)
        }
      }
    }
  }
}
