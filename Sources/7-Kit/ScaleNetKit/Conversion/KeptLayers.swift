import Comparison
import Execution
import FileIO
import Kernels
import ModelIR

/// Decides which layers stay float32 in a conversion to half precision.
struct KeptLayers {
  /// Stands for what overflows.
  static let automatic = "auto"
  /// Seeded inputs are no photographs: what comes this near to the largest float16, 65504, may pass it on others.
  private static let headroom: Float = 4
  private static let largestFloat16: Float = 65504

  private let wanted: [String]
  private let type: DataType
  private let threads: Int?

  init(_ wanted: [String], type: DataType, threads: Int?) {
    self.wanted = wanted
    self.type = type
    self.threads = threads
  }

  /// The layers in the order of the graph, with the reason for each.
  func layers(of graph: Graph) throws(ScaleNetError) -> [ConversionReport.KeptLayer] {
    var reasons: [Int: String] = [:]
    for name in wanted where name != Self.automatic {
      let found = graph.nodes.indices.filter { Self.names(name, graph.nodes[$0].name) }
      guard !found.isEmpty else {
        throw .invalidOption(
          "keepFloat32", expected: "\(Self.automatic), a node's name, or that of a module",
          found: name.escapedForMessage)
      }
      for index in found { reasons[index] = "asked for" }
    }
    // bfloat16 has the range of float32.
    if wanted.contains(Self.automatic), type == .float16 { try addOverflows(of: graph, to: &reasons) }
    return graph.nodes.indices.compactMap { index in
      reasons[index].map {
        ConversionReport.KeptLayer(name: graph.nodes[index].name, op: graph.nodes[index].op.name, reason: $0)
      }
    }
  }

  /// Whether `name` is a node's, or that of a module that it is in.
  private static func names(_ name: String, _ node: String) -> Bool {
    guard node.hasPrefix(name) else { return false }
    guard let next = node.dropFirst(name.count).first else { return true }
    return next == "." || next == "/"
  }

  /// Weights that float16 cannot hold, and the nodes before and behind values that come near its end: those that make
  /// them would overflow when they store, those that read them when their inputs are converted.
  private func addOverflows(of graph: Graph, to reasons: inout [Int: String]) throws(ScaleNetError) {
    let consumers = graph.consumers()
    let producers = graph.producers()
    for id in graph.initializers {
      guard let tensor = graph[id].initializer, tensor.dataType.isFloatingPoint else { continue }
      let largest = try tensor.largestMagnitude()
      guard largest >= Self.largestFloat16 else { continue }
      for reader in consumers[id.index] where reasons[reader] == nil {
        reasons[reader] = "its weight \(graph[id].name.escapedForMessage) holds \(Double(largest).scientific)"
      }
    }
    for (id, largest) in try magnitudes(graph) where largest >= Self.largestFloat16 / Self.headroom {
      let name = graph[id].name.escapedForMessage
      let size = Double(largest).scientific
      if let producer = producers[id.index], reasons[producer] == nil {
        reasons[producer] = "its output \(name) reaches \(size)"
      }
      for reader in consumers[id.index] where reasons[reader] == nil {
        reasons[reader] = "its input \(name) reaches \(size)"
      }
    }
  }

  /// The largest magnitude of each value on the inputs of the verification, in the order of running.
  private func magnitudes(_ graph: Graph) throws(ScaleNetError) -> [(ValueID, Float)] {
    var random = RandomSource(seed: 20_190_616)
    var inputs: [String: Tensor] = [:]
    var result: [(ValueID, Float)] = []
    for id in graph.inputs {
      guard let shape = graph[id].type.binding(1).shape else { continue }
      let tensor = random.input(graph[id].type.dataType, shape)
      inputs[graph[id].name] = tensor
      if tensor.dataType.isFloatingPoint { result.append((id, try tensor.largestMagnitude())) }
    }
    let engine = DiffEngine(
      kernels: try kernelsForThisProcessor(), threads: try GraphRunner.threads(threads))
    try engine.magnitudes(graph.binding(batch: 1), inputs) { id, largest in result.append((id, largest)) }
    return result
  }
}
