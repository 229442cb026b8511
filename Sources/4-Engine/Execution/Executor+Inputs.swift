internal import FileIO
internal import Kernels
internal import ModelIR

// Safe: inputs are compared with the graph's shapes before, and the plan has laid out as much room for each.

extension Executor {
  /// Refuses inputs that are not the graph's.
  func check(_ inputs: [String: Tensor]) throws(ScaleNetError) {
    let names = graph.inputs.map { graph[$0].name }
    if let name = inputs.keys.filter({ !names.contains($0) }).min() {
      throw .unexpectedInput(name: name, expected: names)
    }
    for id in graph.inputs {
      let (name, type) = (graph[id].name, graph[id].type)
      guard let tensor = inputs[name] else {
        throw .missingInput(name: name, expected: type.description)
      }
      let found = TensorType(tensor.dataType, tensor.shape)
      guard found.isCompatible(with: type) else {
        throw .wrongInput(name: name, expected: type.description, found: found.description)
      }
    }
  }

  /// Copies images into the arena: those of slice `slice`, of as many as the plan takes at a time.
  func load(_ inputs: [String: Tensor], slice: Int, into memory: PlanMemory<Scalar>) throws(ScaleNetError) {
    for (id, place) in zip(graph.inputs, memory.plan.inputs) {
      let name = graph[id].name
      guard let tensor = inputs[name] else { continue }
      let count = place.images.batch * place.images.imageSize
      do throws(ScaleNetError) {
        if graph.isTyped(id) {
          memory.typed[id] = try TypedTensor(tensor).fitted(Scalar.referencePrecision)
          continue
        }
        unsafe try Scalar.read(
          tensor, from: slice * count,
          into: UnsafeMutableBufferPointer(start: memory.address(place), count: count))
      } catch {
        throw .unreadableInput(name: name, error: error)
      }
    }
  }
}
