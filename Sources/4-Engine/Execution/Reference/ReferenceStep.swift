import FileIO
internal import Kernels
internal import ModelIR

// Safe: places are those that the plan has laid out in the arena for the shape that is read or written.

/// A node that the reference evaluator computes between steps of kernels.
struct ReferenceStep {
  /// Where a value is found or put.
  enum Place {
    /// Among the typed tensors.
    case typed(ValueID)
    /// In a file: it is read whenever the step runs.
    case stored(Tensor, name: String)
    /// In the arena: the step's operand of this number.
    case arena(Int, TensorType)
  }

  let node: Node
  /// Inputs that are left out are nil.
  let inputs: [Place?]
  let outputs: [Place]
}

extension Planner {
  /// The inputs of such a node that lie in the arena; weights are read as typed tensors.
  func referenceActivations(of node: Node) -> [ValueID] {
    node.inputs.compactMap { $0 }.filter { !graph.isTyped($0) && graph[$0].initializer == nil }
  }

  /// Adds a step for a node that no kernel computes.
  mutating func addReference(_ node: Node, at index: Int) throws(ScaleNetError) {
    var operands: [Operand] = []
    var inputs: [ReferenceStep.Place?] = []
    for id in node.inputs {
      guard let id else {
        inputs.append(nil)
        continue
      }
      if let tensor = graph[id].initializer {
        guard options.keepsWeights else {
          try checkLimit(
            tensor.elementCount.saturatingMultiplied(by: 8 / MemoryLayout<Scalar>.size),
            graph[id].name)
          inputs.append(.stored(tensor, name: graph[id].name))
          continue
        }
        if typedConstants[id] == nil {
          let (bytes, overflow) = tensor.elementCount.multipliedReportingOverflow(by: 8)
          try checkLimit((overflow ? Int.max : bytes) / MemoryLayout<Scalar>.size, graph[id].name)
          weightBytes += bytes
          do throws(ScaleNetError) {
            typedConstants[id] = try TypedTensor(tensor)
          } catch {
            throw .unreadableInitializer(name: graph[id].name, error: error)
          }
        }
        inputs.append(.typed(id))
      } else if graph.isTyped(id) {
        inputs.append(.typed(id))
      } else {
        inputs.append(.arena(operands.count, graph[id].type))
        operands.append(place(id))
      }
    }
    var targets: [Operand] = []
    var outputs: [ReferenceStep.Place] = []
    for id in node.outputs {
      if graph.isTyped(id) {
        outputs.append(.typed(id))
      } else {
        outputs.append(.arena(targets.count, graph[id].type))
        targets.append(write(id, at: index))
      }
    }
    let step = ReferenceStep(node: node, inputs: inputs, outputs: outputs)
    steps.append(
      Step(
        operation: .reference(step), inputs: operands, output: targets.first ?? place(node.outputs[0]),
        moreOutputs: Array(targets.dropFirst()), value: node.outputs[0]))
  }
}

extension Step {
  /// The values that a step completes, and where those in the arena lie.
  var values: [(id: ValueID, place: Operand)] {
    guard case .reference(let reference) = operation else { return value.map { [($0, output)] } ?? [] }
    let targets = [output] + moreOutputs
    return zip(reference.node.outputs, reference.outputs).map { id, place in
      if case .arena(let number, _) = place { (id, targets[number]) } else { (id, output) }
    }
  }
}

extension Executor {
  /// Computes a node on tensors.
  func evaluate(
    _ reference: ReferenceStep, _ step: Step<Scalar>, _ memory: PlanMemory<Scalar>
  ) throws(ScaleNetError) {
    var inputs: [TypedTensor?] = []
    for place in reference.inputs {
      switch place {
      case nil: inputs.append(nil)
      case .typed(let id): inputs.append(memory.plan.typedConstants[id] ?? memory.typed[id])
      case .arena(let number, let type): inputs.append(read(step.inputs[number], type, memory))
      case .stored(let tensor, let name):
        do throws(ScaleNetError) {
          inputs.append(try TypedTensor(tensor))
        } catch {
          throw .unreadableInitializer(name: name, error: error)
        }
      }
    }
    let results = try ReferenceEvaluator.evaluate(
      reference.node.op, inputs, node: reference.node.name, precision: Scalar.referencePrecision,
      limit: options.memoryLimit)
    let targets = [step.output] + step.moreOutputs
    for (place, result) in zip(reference.outputs, results) {
      switch place {
      case .typed(let id): memory.typed[id] = result
      case .stored: preconditionFailure("results are not in a file")
      case .arena(let number, let type):
        guard result.shape == type.dimensions.compactMap(\.value) else {
          throw ScaleNetError(
            .internalFailure, place: "node \(reference.node.name.escapedForMessage)", expected: "\(type)",
            found: "\(result.shape)")
        }
        write(result, to: targets[number], memory)
      }
    }
  }

  /// A value of the arena as a tensor. Its images may lie apart.
  private func read(_ place: Operand, _ type: TensorType, _ memory: PlanMemory<Scalar>) -> TypedTensor {
    var elements: [Double] = []
    elements.reserveCapacity(place.images.batch * place.images.imageSize)
    let source = unsafe memory.address(place)
    for image in 0..<place.images.batch {
      unsafe Scalar.widen(
        source + image * place.images.batchStride, count: place.images.imageSize, to: &elements)
    }
    return TypedTensor(type.dataType, type.dimensions.compactMap(\.value), .real(elements))
  }

  private func write(_ tensor: TypedTensor, to place: Operand, _ memory: PlanMemory<Scalar>) {
    let elements = tensor.reals
    let target = unsafe memory.address(place)
    let size = place.images.imageSize
    for image in 0..<place.images.batch {
      unsafe Scalar.narrow(
        elements[image * size..<(image + 1) * size], into: target + image * place.images.batchStride)
    }
  }
}
