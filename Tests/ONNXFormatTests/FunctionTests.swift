import FileIO
import Testing

@testable import ModelIR
@testable import ONNXFormat

/// Local functions and branches: their bodies take the place of the nodes.
@Suite struct FunctionTests {
  /// A FunctionProto in the domain `local`.
  private func function(
    _ name: String, inputs: [String], outputs: [String], attributes: [String] = [],
    _ body: (inout WireEncoder) -> Void
  ) -> [UInt8] {
    var function = WireEncoder()
    function.text(1, name)
    for input in inputs { function.text(4, input) }
    for output in outputs { function.text(5, output) }
    for attribute in attributes { function.text(6, attribute) }
    var nodes = WireEncoder()
    body(&nodes)
    // Nodes have field 1 in a graph, and 7 in a function.
    function.raw(nodes.bytes)
    function.message(9) { $0.integer(2, 17) }
    function.text(10, "local")
    return function.bytes
  }

  private func model(_ functions: [[UInt8]], _ graph: (inout WireEncoder) -> Void) -> [UInt8] {
    var model = WireEncoder()
    for function in functions { model.data(25, function) }
    return WireEncoder.simple(graph) + model.bytes
  }

  private func node(
    _ encoder: inout WireEncoder, _ op: String, _ name: String, _ inputs: [String], _ outputs: [String],
    domain: String = "", _ attributes: (inout WireEncoder) -> Void = { _ in }
  ) {
    encoder.message(7) { node in
      for input in inputs { node.text(1, input) }
      for output in outputs { node.text(2, output) }
      node.text(3, name)
      node.text(4, op)
      attributes(&node)
      if !domain.isEmpty { node.text(7, domain) }
    }
  }

  private func floatAttribute(_ encoder: inout WireEncoder, _ field: UInt64, _ name: String, _ value: Float) {
    encoder.message(field) {
      $0.text(1, name)
      $0.raw([0x15] + WireEncoder.floats([value]))
      $0.integer(20, 1)
    }
  }

  private func reference(_ encoder: inout WireEncoder, _ name: String, to attribute: String) {
    encoder.message(5) {
      $0.text(1, name)
      $0.integer(20, 1)
      $0.text(21, attribute)
    }
  }

  @Test func callsBecomeTheNodesOfTheBody() throws {
    var leaky = function("Leaky", inputs: ["a"], outputs: ["b"], attributes: ["slope"]) {
      node(&$0, "LeakyRelu", "act", ["a"], ["t"]) { reference(&$0, "alpha", to: "slope") }
      node(&$0, "Relu", "again", ["t"], ["b"])
    }
    var standard = WireEncoder()
    floatAttribute(&standard, 11, "other", 0.75)
    leaky += standard.bytes
    let twice = function("Twice", inputs: ["a", "left_out"], outputs: ["b", "c"], attributes: ["s"]) {
      node(&$0, "Leaky", "one", ["a"], ["t"], domain: "local") { reference(&$0, "slope", to: "s") }
      node(&$0, "Leaky", "two", ["t"], ["b"], domain: "local")
      node(&$0, "Identity", "three", ["t"], ["c"])
    }
    let bytes = model([leaky, twice]) {
      $0.node("Twice", "call", ["x"], ["t", "y"], domain: "local") { floatAttribute(&$0, 5, "s", 0.5) }
    }
    let graph = try read(bytes).graph
    let expected: [Operator] = [
      .unary(.leakyRelu(alpha: 0.5)), .unary(.relu), .unary(.leakyRelu(alpha: 0.01)), .unary(.relu),
      .identity(Identity()),
    ]
    #expect(graph.nodes.map(\.op) == expected)
    #expect(graph.nodes.map(\.name)[..<2] == ["call.one.act", "call.one.again"])
    #expect(graph.outputs.map { graph[$0].name } == ["y"])
  }

  @Test func callsThatDoNotEndAreErrors() {
    let one = function("One", inputs: ["a"], outputs: ["b"]) {
      node(&$0, "Two", "n", ["a"], ["b"], domain: "local")
    }
    let two = function("Two", inputs: ["a"], outputs: ["b"]) {
      node(&$0, "One", "n", ["a"], ["b"], domain: "local")
    }
    let found = failure(model([one, two]) { $0.node("One", "call", ["x"], ["y"], domain: "local") })
    #expect(found.contains("node call.n.n (One): function: expected one that does not call itself"))
    let second = failure(model([one, one]) { $0.node("One", "call", ["x"], ["y"], domain: "local") })
    #expect(second.contains("model.functions[1]: expected a function of its own name"))
  }

  @Test func callsThatMultiplyAreBounded() {
    let long = String(repeating: "n", count: 4000)
    var functions: [[UInt8]] = []
    for level in 0..<12 {
      functions.append(
        function("F\(level)", inputs: ["a"], outputs: ["v8"]) {
          for index in 0..<8 {
            let input = index == 0 ? "a" : "v\(index)"
            node(
              &$0, level == 11 ? "Relu" : "F\(level + 1)", long, [input], ["v\(index + 1)"],
              domain: level == 11 ? "" : "local")
          }
        })
    }
    let found = failure(model(functions) { $0.node("F0", "call", ["x"], ["y"], domain: "local") })
    #expect(found.contains("functions and branches"))
  }

  @Test func bodiesSeeTheirOwnNamesOnly() {
    let body = function("F", inputs: ["a"], outputs: ["b"]) { node(&$0, "Relu", "n", ["x"], ["b"]) }
    let found = failure(model([body]) { $0.node("F", "call", ["x"], ["y"], domain: "local") })
    #expect(found.contains("node n (Relu): expected an input, initializer or node output named x"))
    let unknown = failure(model([]) { $0.node("F", "call", ["x"], ["y"], domain: "local") })
    #expect(unknown.contains("node call (F): domain: expected ONNX's own, found local"))
    let outside = failure(
      WireEncoder.simple { $0.node("LeakyRelu", "n", ["x"], ["y"]) { reference(&$0, "alpha", to: "s") } })
    #expect(outside.contains("expected a value, outside of a function"))
  }

  /// An If whose condition is `truth`: one branch computes of what the graph has, the other gives `x`.
  private func branches(_ truth: UInt8?) -> [UInt8] {
    WireEncoder.simple {
      if let truth { $0.tensor(5, "cond", [], type: 9, raw: [truth]) }
      $0.node("Relu", "first", ["x"], ["t"])
      $0.node("If", "choice", [truth == nil ? "x" : "cond"], ["y"]) { attribute in
        attribute.message(5) {
          $0.text(1, "then_branch")
          $0.message(6) {
            $0.node("Sigmoid", "first", ["t"], ["u"])
            $0.node("Relu", "", ["u"], ["v"])
            $0.value(12, "v", nil)
          }
          $0.integer(20, 5)
        }
        attribute.message(5) {
          $0.text(1, "else_branch")
          $0.message(6) { $0.value(12, "x", nil) }
          $0.integer(20, 5)
        }
      }
    }
  }

  @Test func knownConditionsTakeTheirBranch() throws {
    let taken = try read(branches(1)).graph
    #expect(taken.nodes.map(\.op) == [.unary(.relu), .unary(.sigmoid), .unary(.relu)])
    #expect(taken.nodes.map(\.name) == ["first", "choice.first", "choice.v"])
    #expect(taken.outputs.map { taken[$0].name } == ["y"])
    let other = try read(branches(0)).graph
    #expect(other.nodes.map(\.op) == [.unary(.relu), .identity(Identity())])
    #expect(other.outputs.map { other[$0].name } == ["y"])
    let found = failure(branches(nil))
    #expect(found.contains("node choice (If): input cond: expected a constant"))
  }
}
