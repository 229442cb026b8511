import Execution
import FileIO
import KerasFormat
import Kernels
import ModelIR
import ONNXFormat

extension FuzzTarget {
  /// What a reader says that has no size for images, or too many open extents.
  private static let choices: [ScaleNetError.Kind] = [.invalidInput, .invalidOption]

  func checkONNX(_ file: ByteRegion) {
    guard let model = readONNX(file) else { return }
    writeONNX(model)
  }

  private func readONNX(_ file: ByteRegion) -> StoredModel? {
    guard ONNXReader.recognizes(file) else { return nil }
    let model = accepted { () throws(ScaleNetError) in try ONNXReader.read(file, path: Self.origin) }
    // What stays open may be closed by a choice.
    let options = ONNXReader.Options(imageSize: ONNXReader.ImageSize(height: 8, width: 12))
    do throws(ScaleNetError) {
      return try ONNXReader.read(file, path: Self.origin, options: options)
    } catch {
      judge(error, kinds: Self.choices)
      return model
    }
  }

  /// A model that can be written is read again, and its second file is its first.
  private func writeONNX(_ model: StoredModel) {
    guard isSmall(model.graph) else { return }
    var files: [ByteRegion] = []
    var model = model
    for _ in 0..<2 {
      let copy: ByteRegion
      do throws(ScaleNetError) {
        copy = try Written.file("model.onnx") { file throws(ScaleNetError) in
          try ONNXWriter.write(model, to: &file, options: ONNXWriter.Options(opset: 25))
        }
      } catch {
        // Not everything that is read can be written at every opset; what was written can be written again.
        expect(files.isEmpty, "what was written and read cannot be written: \(error)")
        judge(error, kinds: Self.choices)
        return
      }
      let again = required("reading a model that was written") { () throws(ScaleNetError) in
        try ONNXReader.read(copy, path: Self.origin)
      }
      expectSameInterface(model.graph, again.graph)
      files.append(copy)
      model = again
    }
    expectSame(files[0], files[1], "a model written, read and written again")
  }

  func checkKeras(_ file: ByteRegion) {
    guard KerasReader.recognizes(file) else { return }
    _ = accepted { () throws(ScaleNetError) in try KerasReader.weightsAlone(file) }
    let options = KerasReader.Options(imageSize: (height: 12, width: 16))
    let read = accepted { () throws(ScaleNetError) in try KerasReader.read(file, options) }
    guard let model = read, isSmall(model.graph) else { return }
    for container in [KerasWriter.Container.hdf5, .archive] {
      let copy: ByteRegion
      do throws(ScaleNetError) {
        let writer = try KerasWriter(
          model, path: "model.h5", options: KerasWriter.Options(container: container))
        copy = try Written.file("model.h5") { file throws(ScaleNetError) in try writer.write(to: &file) }
      } catch {
        judge(error, kinds: Self.choices)
        continue
      }
      let again = required("reading a model that was written") { () throws(ScaleNetError) in
        try KerasReader.read(copy)
      }
      // Layers get names that both Kerases take, and outputs are called as layers are.
      expectSameInterface(model.graph, again.graph, comparesNames: false)
    }
    writeONNX(model)
  }

  /// Runs the network, if it is small, with the kernels that a user gets, and with those that are obviously right.
  func checkRun(_ file: ByteRegion) {
    guard let model = readONNX(file), isSmall(model.graph) else { return }
    do throws(ScaleNetError) {
      let graph = try model.graph.binding(batch: 2)
      guard isCheap(graph) else { return }
      var inputs: [String: Tensor] = [:]
      for id in graph.inputs {
        guard let shape = graph[id].type.shape else { return }
        inputs[graph[id].name] = Self.ramp(shape).cast(to: graph[id].type.dataType)
      }
      var options = ExecutionOptions()
      options.memoryLimit = 64 << 20
      let fast = try Executor<Float>(
        graph, batch: 2, kernels: try kernelsForThisProcessor(), options: options)
      let first = try fast.run(inputs)
      let second = try fast.run(inputs)
      for (left, right) in zip(first, second) {
        expect(try left.tensor.hasSameBits(as: right.tensor), "two runs give different '\(left.name)'")
      }
      _ = try Executor<Double>(graph, batch: 2, kernels: ReferenceKernels<Double>(), options: options).run(
        inputs)
    } catch {
      judge(error, kinds: Self.choices + [.inputOutput])
    }
  }

  private static func ramp(_ shape: TensorShape) -> Tensor {
    Tensor((0..<shape.elementCount).map { Float($0 % 7) - 2 }, shape: shape)
  }

  private func isSmall(_ graph: Graph) -> Bool {
    graph.valueIDs.reduce(0) { sum, id in
      sum.saturatingAdded(to: graph.initializer(id)?.byteCount ?? 0)
    } <= Written.mostBytes
  }

  /// Whether running takes a moment only.
  private func isCheap(_ graph: Graph) -> Bool {
    var sum = 0
    for node in graph.nodes {
      let inputs = node.inputs.map { id in id.flatMap { graph[$0].type.shape } }
      let outputs = node.outputs.compactMap { graph[$0].type.shape }
      guard outputs.count == node.outputs.count,
        zip(node.inputs, inputs).allSatisfy({ ($0 == nil) == ($1 == nil) })
      else { return false }
      let cost = node.op.kind.cost(inputs: inputs, outputs: outputs)
      let values = (inputs.compactMap { $0 } + outputs).reduce(0) { $0.saturatingAdded(to: $1.elementCount) }
      for part in [cost.macs, cost.otherOperations, values] { sum = sum.saturatingAdded(to: part) }
    }
    let values = (graph.inputs + graph.outputs).compactMap { graph[$0].type.shape?.elementCount }
    return values.reduce(sum) { $0.saturatingAdded(to: $1) } < 1 << 20
  }

  private func expectSameInterface(_ left: Graph, _ right: Graph, comparesNames: Bool = true) {
    for (before, after) in [(left.inputs, right.inputs), (left.outputs, right.outputs)] {
      let before = before.map { (left[$0].name, left[$0].type) }
      let after = after.map { (right[$0].name, right[$0].type) }
      let isSame = before.elementsEqual(after) { (!comparesNames || $0.0 == $1.0) && $0.1 == $1.1 }
      expect(isSame, "inputs or outputs \(before) became \(after)")
    }
  }
}
