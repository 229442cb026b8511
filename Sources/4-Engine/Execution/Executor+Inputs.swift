import FileIO
internal import Kernels
internal import ModelIR

extension Executor {
  /// Checks the inputs and copies them into the arena.
  func load(_ inputs: [String: Tensor], into memory: PlanMemory<Scalar>) throws(ScaleNetError) {
    let names = graph.inputs.map { graph[$0].name }
    if let name = inputs.keys.filter({ !names.contains($0) }).min() {
      throw .unexpectedInput(name: name, expected: names)
    }
    for (id, place) in zip(graph.inputs, memory.plan.inputs) {
      let (name, type) = (graph[id].name, graph[id].type)
      guard let tensor = inputs[name] else {
        throw .missingInput(name: name, expected: type.description)
      }
      let found = TensorType(tensor.dataType, tensor.shape)
      guard found.isCompatible(with: type) else {
        throw .wrongInput(name: name, expected: type.description, found: found.description)
      }
      do throws(ScaleNetError) {
        if graph.isTyped(id) {
          memory.typed[id] = try TypedTensor(tensor).fitted(Scalar.referencePrecision)
          continue
        }
        unsafe try Scalar.read(
          tensor, into: UnsafeMutableBufferPointer(start: memory.address(place), count: tensor.elementCount))
      } catch {
        throw .unreadableInput(name: name, error: error)
      }
    }
  }
}
