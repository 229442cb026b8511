/// A list of nodes that is being read: the graph's own, a function's, or a branch of an If.
struct Body {
  let nodes: [NodeMessage]
  /// The version of ONNX's operators that the nodes are of.
  let opset: Int
  /// What the body's own names are called in the graph.
  var names: [String: String] = [:]
  /// Whether names that are not the body's own are those of the body around it: so in a graph and its branches, not
  /// in a function.
  var seesOuter = true
  /// What attributes may refer to: those of a function's call, nil outside of functions.
  var attributes: [String: AttributeMessage]?
  /// The function that is called; nil for a graph.
  var function: FunctionMessage.Key?
  /// What names of its nodes begin with.
  var prefix = ""
}
