import FileIO
import ModelIR

/// A node of a graph while it is said in the words of one opset: as ONNX names its parts, before they are packed.
struct NodeWriter {
  struct Attribute {
    enum Value {
      case integer(Int)
      case float(Float)
      case string(String)
      case integers([Int])
      case floats([Float])
      case strings([String])
      /// A tensor, and its elements as bytes.
      case tensor(Tensor, [UInt8])
    }

    let name: String
    let value: Value
  }

  let node: Node
  let opset: Int
  private var graph: Graph
  private let path: String

  let op: String
  /// Names of values; empty for one that is left out.
  var inputs: [String]
  let outputs: [String]
  private(set) var attributes: [Attribute] = []
  /// Constants that ONNX wants as inputs where the graph has them in the operator.
  private(set) var constants: [(name: String, tensor: Tensor)] = []

  var name: String { node.name }

  init(_ node: Node, in graph: Graph, opset: Int, path: String) throws(ScaleNetError) {
    self.node = node
    self.graph = graph
    self.opset = opset
    self.path = path
    op = node.op.name
    inputs = node.inputs.map { $0.map { graph[$0].name } ?? "" }
    outputs = node.outputs.map { graph[$0].name }
    try checkTypes()
    try OperatorTable.write(&self)
  }

  /// bfloat16 is a type of most operators from opset 13, and of convolutions, pools and the like from opset 22; types of
  /// eight bits and fewer came one after the other.
  private func checkTypes() throws(ScaleNetError) {
    for id in node.inputs.compactMap({ $0 }) + node.outputs where graph[id].type.dataType.leastOpset > opset {
      let type = graph[id].type.dataType
      throw failure(
        "value \(graph[id].name)", expected: "opset \(type.leastOpset) or later, which has \(type.rawValue)",
        found: "opset \(opset)")
    }
    if case .cast = node.op { return }
    guard opset < 22 else { return }
    for index in node.inputs.indices where type(index).dataType == .bfloat16 {
      throw failure(
        "input \(index)",
        expected: "an element type that ONNX's operators have in opset \(opset), such as float32",
        found: "bfloat16")
    }
  }

  /// The type of an input; a float32 number for one that is left out.
  func type(_ input: Int) -> TensorType {
    guard input < node.inputs.count, let id = node.inputs[input] else {
      return TensorType(.float32, [] as [Dimension])
    }
    return graph[id].type
  }

  func failure(_ place: String, expected: String, found: String) -> ScaleNetError {
    .invalidNode(
      path: path, node: node.name, op: node.op.name, place: place, expected: expected, found: found)
  }

  /// Fails if the opset is older than one that has what the operator needs.
  func require(opset least: Int) throws(ScaleNetError) {
    guard opset >= least else {
      throw failure(
        "op_type", expected: "opset \(least) or later", found: "\(node.op.name) in opset \(opset)")
    }
  }

  // MARK: Attributes

  mutating func set(_ name: String, _ value: Int) {
    attributes.append(Attribute(name: name, value: .integer(value)))
  }

  mutating func set(_ name: String, _ value: Bool) { set(name, value ? 1 : 0) }

  mutating func set(_ name: String, _ value: Float) {
    attributes.append(Attribute(name: name, value: .float(value)))
  }

  mutating func set(_ name: String, _ value: String) {
    attributes.append(Attribute(name: name, value: .string(value)))
  }

  mutating func set(_ name: String, _ values: [Int]) {
    attributes.append(Attribute(name: name, value: .integers(values)))
  }

  mutating func set(_ name: String, _ values: [Float]) {
    attributes.append(Attribute(name: name, value: .floats(values)))
  }

  mutating func set(_ name: String, _ values: [String]) {
    attributes.append(Attribute(name: name, value: .strings(values)))
  }

  /// A tensor of one element.
  mutating func set(_ name: String, _ value: ScalarValue) throws(ScaleNetError) {
    do throws(ScaleNetError) {
      let tensor = try value.tensor(shape: [1])
      attributes.append(
        Attribute(name: name, value: .tensor(tensor, try ElementPacking.stored(tensor).bytes())))
    } catch {
      throw error.inFile(path)
    }
  }

  // MARK: Inputs

  /// Adds a constant as the next input, under a name made of the node's.
  mutating func addConstant(_ suffix: String, _ tensor: Tensor) {
    let name = graph.unusedName("\(name).\(suffix)")
    inputs.append(name)
    constants.append((name, tensor))
  }

  mutating func addConstant(_ suffix: String, _ value: ScalarValue) throws(ScaleNetError) {
    do throws(ScaleNetError) {
      addConstant(suffix, try value.tensor(shape: []))
    } catch {
      throw error.inFile(path)
    }
  }

  /// Adds a list of int64 as the next input.
  mutating func addIntegers(_ suffix: String, _ values: [Int]) {
    addConstant(suffix, Tensor(values.map { Int64($0) }, shape: [values.count]))
  }
}

extension ScalarValue {
  /// A number as an element of a type, rounded where the type has no such number.
  init(rounding value: Float, to dataType: DataType) {
    if dataType.isFloatingPoint {
      self.init(dataType, real: Double(value))
    } else {
      self.init(dataType, integer: Int64(exactly: value.rounded(.towardZero)) ?? 0)
    }
  }

  /// A tensor of this element alone; `shape` has one.
  func tensor(shape: TensorShape) throws(ScaleNetError) -> Tensor {
    let wide = dataType.isFloatingPoint ? Tensor([real], shape: shape) : Tensor([integer], shape: shape)
    return try Evaluator.cast(wide, to: dataType)
  }
}
