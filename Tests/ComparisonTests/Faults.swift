import Comparison
import FileIO

@testable import ModelIR

/// A fault that was planted into a network, and what a comparison may call it.
struct Fault {
  /// The kind of fault, as the table of results lists it.
  var kind: String
  /// What it was planted at: the node of the sound network, or of the faulty one if that alone has it.
  var node: String
  var names: Set<DiffReport.CauseKind>
  var graph: Graph
}

/// Plants every kind of fault at some places of a network.
struct FaultGenerator {
  let sound: Graph
  /// At how many places of a network each kind is planted.
  var places = 2

  init(_ sound: Graph) {
    self.sound = sound
  }

  func all() -> [Fault] { attributes() + functions() + wiring() + weights() + ends() }

  /// Some of the nodes that fit, spread over the network.
  func nodes(_ fits: (Node) -> Bool) -> [Int] {
    let all = sound.nodes.indices.filter { fits(sound.nodes[$0]) }
    guard all.count > places else { return Array(all) }
    return (0..<places).map { all[$0 * (all.count - 1) / max(places - 1, 1)] }
  }

  /// A fault at some of the nodes; edits that give no valid graph are no faults.
  func plant(
    _ kind: String, _ names: Set<DiffReport.CauseKind>, _ edit: (inout Graph, Int) throws -> Bool,
    at fits: (Node) -> Bool
  ) -> [Fault] {
    nodes(fits).compactMap { index in
      var graph = sound
      guard let isDone = try? edit(&graph, index), isDone, (try? graph.inferAllTypes()) != nil,
        (try? graph.apply([EliminateDeadNodes()])) != nil,
        graph.outputs.allSatisfy({ graph[$0].type.shape != nil })
      else { return nil }
      return Fault(kind: kind, node: sound.nodes[index].name, names: names, graph: graph)
    }
  }

  func plant(
    _ kind: String, _ names: Set<DiffReport.CauseKind>, _ change: (Operator) -> Operator?
  ) -> [Fault] {
    plant(kind, names) { graph, index in
      guard let op = change(graph.nodes[index].op) else { return false }
      graph.nodes[index].op = op
      return true
    } at: {
      change($0.op) != nil
    }
  }

  // MARK: attributes

  func attributes() -> [Fault] {
    func window(_ op: Operator, _ change: (inout ModelIR.Window) -> Bool) -> Operator? {
      guard case .conv(var conv) = op, change(&conv.window) else { return nil }
      return .conv(conv)
    }
    var result = plant("stride", [.stride]) { op in
      window(op) { window in
        guard window.kernel == [3, 3] else { return false }
        window.strides = window.strides == [1, 1] ? [2, 2] : [1, 1]
        return true
      }
    }
    result += strideElsewhere()
    result += plant("dilation", [.dilation]) { op in
      window(op) { window in
        guard window.kernel == [3, 3], window.pads == [1, 1, 1, 1], window.strides == [1, 1] else {
          return false
        }
        window.dilations = [2, 2]
        window.pads = [2, 2, 2, 2]
        return true
      }
    }
    result += plant("margins", [.padding]) { op in
      window(op) { window in
        guard window.kernel == [3, 3], window.strides == [2, 2], window.pads == [1, 1, 1, 1] else {
          return false
        }
        window.pads = [0, 0, 1, 1]
        return true
      }
    }
    result += plant("groups", [.groups, .differentWeights]) { graph, index in
      guard case .conv(var conv) = graph.nodes[index].op, let id = graph.nodes[index].inputs[1],
        let weight = graph[id].initializer, weight.shape[1] % 2 == 0, weight.shape[0] % 2 == 0
      else { return false }
      conv.group *= 2
      let (outputs, inputs, area) = (weight.shape[0], weight.shape[1], weight.shape[2] * weight.shape[3])
      let elements = try weight.floats()
      let half = (0..<outputs).flatMap { output -> [Float] in
        let start = output * inputs * area
        return Array(elements[start..<start + inputs / 2 * area])
      }
      graph.nodes[index].op = .conv(conv)
      graph.nodes[index].inputs[1] = try graph.addInitializer(
        "grouped.weight", Tensor(half, shape: [outputs, inputs / 2, weight.shape[2], weight.shape[3]]))
      return true
    } at: {
      if case .conv(let conv) = $0.op { conv.group == 1 } else { false }
    }
    result += plant("epsilon", [.batchNormEpsilon]) { op in
      if case .batchNormalization = op { .batchNormalization(BatchNormalization(epsilon: 1e-3)) } else { nil }
    }
    result += plant("pool extent", [.pooling, .padding]) { op in
      guard case .maxPool(var pool) = op, pool.window.kernel == [3, 3] else { return nil }
      pool.window.kernel = [2, 2]
      pool.window.pads = [1, 1, 0, 0]
      return .maxPool(pool)
    }
    result += plant("counted margins", [.padding]) { op in
      guard case .averagePool(var pool) = op, pool.window.pads.contains(where: { $0 > 0 }) else { return nil }
      pool.countIncludePad.toggle()
      return .averagePool(pool)
    }
    result += plant("resize mode", [.resizeMode]) { op in
      guard case .resize(var resize) = op, resize.mode != .nearest else { return nil }
      resize.mode = .nearest
      return .resize(resize)
    }
    result += plant("align_corners", [.alignCorners]) { op in
      guard case .resize(var resize) = op, resize.mode != .nearest else { return nil }
      resize.coordinateTransformation = .alignCorners
      return .resize(resize)
    }
    result += plant("cubic coefficient", [.resizeMode, .attribute]) { op in
      guard case .resize(var resize) = op, resize.mode == .cubic else { return nil }
      resize.cubicCoefficient = -0.5
      return .resize(resize)
    }
    result += plant("softmax axis or slice", [.attribute]) { op in
      guard case .slice(var slice) = op else { return nil }
      slice.starts = slice.starts.map { $0 + 4 }
      return .slice(slice)
    }
    return result
  }

  /// The step of a block taken by its other convolution.
  func strideElsewhere() -> [Fault] {
    plant("stride in the other convolution", [.stride]) { graph, index in
      guard case .conv(var conv) = graph.nodes[index].op else { return false }
      let later = graph.nodes.indices.first { other in
        if other > index, case .conv(let next) = graph.nodes[other].op {
          return next.window.strides == [1, 1] && next.group == 1
        }
        return false
      }
      guard let later, case .conv(var next) = graph.nodes[later].op else { return false }
      conv.window.strides = [1, 1]
      next.window.strides = [2, 2]
      graph.nodes[index].op = .conv(conv)
      graph.nodes[later].op = .conv(next)
      return true
    } at: {
      if case .conv(let conv) = $0.op { conv.window.strides == [2, 2] } else { false }
    }
  }

  // MARK: functions

  func functions() -> [Fault] {
    func isFunction(_ node: Node) -> Bool {
      switch node.op {
      case .unary: true
      default: false
      }
    }
    var result = plant(
      "activation left out", [.activation, .missingNode],
      { graph, index in
        guard let input = graph.nodes[index].inputs[0] else { return false }
        graph.replaceUses(of: graph.nodes[index].outputs[0], with: input)
        return true
      }, at: isFunction)
    let added: [(String, Operator)] = [("Relu", .unary(.relu)), ("Tanh", .unary(.tanh))]
    for (name, op) in added {
      result += plant("activation added: \(name)", [.activation, .addedNode]) { graph, index in
        try Self.insert("planted", op, after: index, &graph)
        return true
      } at: {
        switch $0.op {
        case .batchNormalization, .binary(.add): true
        default: false
        }
      }
    }
    let kinds: [(String, (Operator) -> Operator?)] = [
      (
        "Relu to ReLU6 or so",
        { if case .unary(.relu) = $0 { .unary(.clip(minimum: 0, maximum: 0.5)) } else { nil } }
      ),
      ("Relu to LeakyRelu", { if case .unary(.relu) = $0 { .unary(.leakyRelu(alpha: 0.2)) } else { nil } }),
      ("Relu to HardSwish", { if case .unary(.relu) = $0 { .unary(.hardSwish) } else { nil } }),
      ("HardSwish to Relu", { if case .unary(.hardSwish) = $0 { .unary(.relu) } else { nil } }),
      (
        "Sigmoid to HardSigmoid",
        { if case .unary(.sigmoid) = $0 { .unary(.hardSigmoid(alpha: 0.2, beta: 0.5)) } else { nil } }
      ),
      ("Sigmoid to Tanh", { if case .unary(.sigmoid) = $0 { .unary(.tanh) } else { nil } }),
      (
        "HardSigmoid's slope",
        {
          if case .unary(.hardSigmoid) = $0 { .unary(.hardSigmoid(alpha: 1 / 6, beta: 0.5)) } else { nil }
        }
      ),
      ("slope", { if case .unary(.leakyRelu) = $0 { .unary(.leakyRelu(alpha: 0.01)) } else { nil } }),
      (
        "clip bound", { if case .unary(.clip) = $0 { .unary(.clip(minimum: 0, maximum: 0.75)) } else { nil } }
      ),
    ]
    for (name, change) in kinds { result += plant(name, [.activation], change) }
    result += plant("HardSwish to Swish", [.activation]) { graph, index in
      guard let input = graph.nodes[index].inputs[0] else { return false }
      let sigmoid = try Self.insert("planted", .unary(.sigmoid), reading: [input], before: index, &graph)
      let own = graph.nodes[index + 1]
      graph.nodes[index + 1] = Node(
        name: own.name, op: .binary(.mul), inputs: [input, sigmoid], outputs: own.outputs)
      return true
    } at: {
      if case .unary(.hardSwish) = $0.op { true } else { false }
    }
    result += plant("Swish to HardSwish", [.activation]) { graph, index in
      guard case .binary(.mul) = graph.nodes[index].op, let x = graph.nodes[index].inputs[0],
        let y = graph.nodes[index].inputs[1], let producer = graph.producers()[y.index],
        case .unary(.sigmoid) = graph.nodes[producer].op, graph.nodes[producer].inputs[0] == x
      else { return false }
      graph.nodes[index].op = .unary(.hardSwish)
      graph.nodes[index].inputs = [x]
      return true
    } at: {
      $0.name.hasSuffix(".mul")
    }
    result += plant("pool kind", [.pooling]) { op in
      switch op {
      case .maxPool(let pool): .averagePool(AveragePool(window: pool.window))
      case .averagePool(let pool): .maxPool(MaxPool(window: pool.window))
      case .globalPool(.average): .globalPool(.max)
      default: nil
      }
    }
    result += plant("mean over one axis", [.pooling, .operator]) { graph, index in
      guard let input = graph.nodes[index].inputs[0] else { return false }
      let mean = try Self.insert(
        "planted", .reduce(Reduce(.mean, axes: [2])), reading: [input], before: index, &graph)
      graph.nodes[index + 1].inputs[0] = mean
      graph.nodes[index + 1].op = .globalPool(.max)
      return true
    } at: {
      if case .globalPool(.average) = $0.op { true } else { false }
    }
    result += plant("Sub for Add", [.operator]) { if case .binary(.add) = $0 { .binary(.sub) } else { nil } }
    return result
  }

  /// Everything that reads a node's output reads what comes of it instead.
  @discardableResult
  static func insert(
    _ name: String, _ op: Operator, after index: Int, _ graph: inout Graph, constants: [Tensor] = []
  ) throws -> ValueID {
    let old = graph.nodes[index].outputs[0]
    let readers = graph.nodes.indices.filter { $0 > index }
    let made = try insert(name, op, reading: [old], before: index + 1, &graph, constants: constants)
    for reader in readers.map({ $0 + 1 }) {
      for input in graph.nodes[reader].inputs.indices where graph.nodes[reader].inputs[input] == old {
        graph.nodes[reader].inputs[input] = made
      }
    }
    graph.setOutputs(graph.outputs.map { $0 == old ? made : $0 })
    return made
  }

  static func insert(
    _ name: String, _ op: Operator, reading inputs: [ValueID], before index: Int, _ graph: inout Graph,
    constants: [Tensor] = []
  ) throws -> ValueID {
    var inputs: [ValueID?] = inputs
    for (number, tensor) in constants.enumerated() {
      inputs.append(try graph.addInitializer("\(name).constant\(number)", tensor))
    }
    let made = try graph.addNode(name, op, inputs: inputs)[0]
    let node = graph.nodes.removeLast()
    graph.nodes.insert(node, at: index)
    return made
  }

  // MARK: beginning and end

  func ends() -> [Fault] {
    var result: [Fault] = []
    func add(
      _ kind: String, _ names: Set<DiffReport.CauseKind>, _ node: String, _ edit: (inout Graph) throws -> Void
    ) {
      var graph = sound
      guard (try? edit(&graph)) != nil, (try? graph.inferAllTypes()) != nil, (try? graph.validate()) != nil
      else { return }
      result.append(Fault(kind: kind, node: node, names: names, graph: graph))
    }
    for (name, op, kind) in [
      ("softmax", Operator.softmax(Softmax(axis: 1)), DiffReport.CauseKind.missingSoftmax),
      ("sigmoid", .unary(.sigmoid), .activation),
    ] {
      add("\(name) at the end", [kind, .addedNode], "planted") { graph in
        try Self.insert("planted", op, after: graph.nodes.count - 1, &graph)
      }
    }
    func prepare(_ graph: inout Graph, _ op: Operator, _ name: String, _ constants: [Tensor]) throws {
      let image = graph.inputs[0]
      let made = try Self.insert(name, op, reading: [image], before: 0, &graph, constants: constants)
      for index in graph.nodes.indices.dropFirst() {
        for input in graph.nodes[index].inputs.indices where graph.nodes[index].inputs[input] == image {
          graph.nodes[index].inputs[input] = made
        }
      }
    }
    add("x / 255", [.preprocessing], "planted") { graph in
      try prepare(&graph, .binary(.div), "planted", [Tensor([255] as [Float], shape: [1])])
    }
    add("mean and deviation", [.preprocessing], "planted") { graph in
      try prepare(
        &graph, .binary(.div), "planted.deviation",
        [Tensor([0.229, 0.224, 0.225] as [Float], shape: [1, 3, 1, 1])])
      try prepare(
        &graph, .binary(.sub), "planted", [Tensor([0.485, 0.456, 0.406] as [Float], shape: [1, 3, 1, 1])])
    }
    add("height and width exchanged", [.inputLayout], "planted") { graph in
      try prepare(&graph, .transpose(Transpose(permutation: [0, 1, 3, 2])), "planted", [])
    }
    return result
  }
}

extension Operator {
  var isLinearForTests: Bool {
    switch self {
    case .conv, .gemm, .matMul: true
    default: false
    }
  }
}
