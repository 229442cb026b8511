/// One use of an operator. Inputs that are left out are nil.
public struct Node: Sendable {
  /// The module's name in PyTorch (`layer1.0.conv2.3`), or the name that the file gives.
  public var name: String
  /// What is computed, with its attributes.
  public var op: Operator
  /// In ONNX's order; nil where an optional one is left out.
  public var inputs: [ValueID?]
  /// In ONNX's order; each is the output of no other node.
  public var outputs: [ValueID]
  /// Names of nodes that were folded into this one, first the nearest.
  public var absorbed: [String]

  public init(name: String, op: Operator, inputs: [ValueID?], outputs: [ValueID], absorbed: [String] = []) {
    self.name = name
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
    self.absorbed = absorbed
  }
}
