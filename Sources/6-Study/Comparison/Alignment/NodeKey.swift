import ModelIR

/// Names of a node's module that formats spell differently, made comparable: `layer1.0.conv1`,
/// `/layer1/layer1.0/conv1/Conv` (PyTorch's export) and `layer1_0_conv1` (Keras) are one.
enum NodeKey {
  /// All keys of a node, the most telling first: the value it makes, its own name, and the module of its weights.
  static func keys(_ node: Node, in graph: Graph) -> [String] {
    var names = [graph[node.outputs[0]].name, node.name]
    if node.inputs.count > 1, let weight = node.inputs[1], graph[weight].initializer != nil {
      let name = graph[weight].name
      for suffix in [".weight", "/kernel:0", "/kernel", "/gamma:0", "/gamma", ".gamma", ".kernel"]
      where name.hasSuffix(suffix) {
        names.append(String(name.dropLast(suffix.count)))
      }
    }
    var keys: [String] = []
    for name in names {
      let key = plain(module(of: name))
      if !key.isEmpty, !keys.contains(key) { keys.append(key) }
    }
    return keys
  }

  /// The module in a name of PyTorch's export, whose parts repeat what stands before them: `/layer1/layer1.0/conv1/Conv`
  /// is `layer1.0.conv1`. Other names stay.
  static func module(of name: String) -> String {
    guard name.hasPrefix("/") else { return name }
    var module = ""
    // The last part is the operator.
    for part in name.split(separator: "/").dropLast() {
      if module.isEmpty || part.hasPrefix(module + ".") {
        module = String(part)
      } else {
        module += "." + part
      }
    }
    return module
  }

  static func plain(_ name: String) -> String {
    var result = ""
    for character in name.lowercased() {
      if character.isLetter || character.isNumber {
        result.append(character)
      } else if result.last != "_" {
        result.append("_")
      }
    }
    return result
  }
}
