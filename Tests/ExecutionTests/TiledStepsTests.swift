import FileIO
import Foundation
import Kernels
import ModelIR
import Testing

@testable import Execution

/// Steps that compute element by element, some channels at a time, and values that are shown so.
@Suite struct TiledStepsTests {
  /// Two images of 40 channels behind a convolution, which some kernels lay in blocks of 16: the last of them is not full.
  private static let shape = [2, 40, 128, 128]

  /// `q = round(10 s) / 10` for `s = sigmoid(c)`, then `a = c * q` and `b = c * s`, and what the convolution gives of them.
  private func graph() throws -> Graph {
    var graph = Graph(name: "g")
    let x = try graph.addInput("x", TensorType(.float32, TensorShape([2, 3, 128, 128])))
    let weights = (0..<120).map { Float(sin(Double($0))) }
    let w = try graph.addInitializer("w", Tensor(weights, shape: [40, 3, 1, 1]))
    let ten = try graph.addInitializer("ten", Tensor([10] as [Float], shape: []))
    let c = try graph.addNode("c", .conv(Conv(window: ModelIR.Window(1))), inputs: [x, w])[0]
    let s = try graph.addNode("s", .unary(.sigmoid), inputs: [c])[0]
    let t = try graph.addNode("t", .binary(.mul), inputs: [s, ten])[0]
    let r = try graph.addNode("r", .unary(.round), inputs: [t])[0]
    let q = try graph.addNode("q", .binary(.div), inputs: [r, ten])[0]
    _ = try graph.addNode("d", .binary(.sub), inputs: [q, s])
    let a = try graph.addNode("a", .binary(.mul), inputs: [c, q])[0]
    let b = try graph.addNode("b", .binary(.mul), inputs: [s, c])[0]
    let e = try graph.addNode("e", .binary(.sub), inputs: [a, b])[0]
    graph.addOutput(try graph.addNode("y", .globalPool(.average), inputs: [e])[0])
    try graph.validate()
    return graph
  }

  private static let elements = (0..<2 * 3 * 128 * 128).map { Float(cos(Double($0) * 0.7)) }
  private static let input = ["x": Tensor(elements, shape: [2, 3, 128, 128])]

  /// All values of the graph in Double, by their names, in plain loops.
  private static func expected() -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for image in 0..<2 {
      for channel in 0..<40 {
        for pixel in 0..<128 * 128 {
          var c = 0.0
          for input in 0..<3 {
            c +=
              Double(Float(sin(Double(channel * 3 + input))))
              * Double(elements[(image * 3 + input) * 128 * 128 + pixel])
          }
          let s = 1 / (1 + exp(-c))
          result["c", default: []].append(c)
          result["s", default: []].append(s)
          result["b", default: []].append(c * s)
        }
      }
    }
    return result
  }

  private func kernels() throws -> [any KernelSet<Float>] {
    [baselineKernels(), try kernelsForThisProcessor()]
  }

  @Test func blocksAreTheValuesThatAreShownWhole() throws {
    let graph = try graph()
    let expected = Self.expected()
    for kernels in try kernels() {
      var whole: [String: [Float]] = [:]
      let observed = try Executor<Float>(graph, kernels: kernels)
      _ = try observed.run(Self.input) { (id, tensor) throws(ScaleNetError) in
        whole[graph[id].name] = try tensor.floats()
      }
      for names in [["c", "s", "q", "d", "a", "b", "e", "y"], ["d", "e"], ["c", "b"], ["q"]] {
        var options = ExecutionOptions()
        options.showsValues = true
        let wanted = Set(names.map { graph.value(named: $0)! })
        options.shownInBlocks = wanted
        let executor = try Executor<Float>(graph, kernels: kernels, threads: 2, options: options)
        var run = try executor.observed(Self.input, wanted: wanted)
        var found: [String: [Float]] = [:]
        var count: [String: Int] = [:]
        let show = { (block: ShownBlock<Float>) in
          let name = graph[block.value].name
          let size = block.shape.reduce(1, *)
          #expect(block.shape == (name == "y" ? [2, 40, 1, 1] : Self.shape))
          count[name, default: 0] += block.elements.count
          var values = found[name] ?? [Float](repeating: .nan, count: size)
          found[name] = nil
          values.replaceSubrange(block.start..<block.start + block.elements.count, with: block.elements)
          found[name] = values
        }
        while try run.next(inBlocks: show) {}
        #expect(Set(found.keys) == Set(names))
        for (name, values) in found {
          #expect(count[name] == values.count)
          let known = whole[name] ?? []
          let difference = values.indices.first { $0 >= known.count || values[$0] != known[$0] }
          #expect(difference == nil, "\(name) of \(names), \(kernels.name)")
          for (value, known) in zip(values, expected[name] ?? []) where abs(Double(value) - known) > 1e-5 {
            Issue.record("\(name): \(value) for \(known)")
            break
          }
        }
      }
    }
  }

  /// What only such steps read is a few channels of it.
  @Test func tilesTakeLittleMemory() throws {
    let graph = try graph()
    let map = Self.shape.reduce(1, *) * 4
    for kernels in try kernels() {
      var options = ExecutionOptions()
      options.showsValues = true
      let whole = try Executor<Float>(graph, kernels: kernels, options: options)
      options.shownInBlocks = [graph.value(named: "d")!]
      let tiled = try Executor<Float>(graph, kernels: kernels, options: options)
      #expect(whole.arenaByteCount >= 4 * map)
      // What the convolution gives, what the pooling reads, and tiles.
      #expect(tiled.arenaByteCount < whole.arenaByteCount * 2 / 3)
      let plain = try Executor<Float>(graph, kernels: kernels)
      #expect(plain.arenaByteCount < whole.arenaByteCount * 2 / 3)
      #expect(try plain.run(Self.input)[0].tensor.floats() == whole.run(Self.input)[0].tensor.floats())
    }
  }

  /// The same in Double, whose kernels know no blocks.
  @Test func tilesInDouble() throws {
    let graph = try graph()
    var options = ExecutionOptions()
    options.showsValues = true
    let kernels = doubleKernels(beside: try kernelsForThisProcessor())
    let whole = try Executor<Double>(graph, kernels: kernels, options: options)
    let plain = try Executor<Double>(graph, kernels: kernels, threads: 2)
    #expect(plain.arenaByteCount < whole.arenaByteCount)
    let (a, b) = (try whole.run(Self.input)[0].tensor, try plain.run(Self.input)[0].tensor)
    #expect(try a.doubles() == b.doubles())
  }
}
