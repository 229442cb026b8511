import Comparison
import Execution
import FileIO
import FoundationEssentials
import Kernels
import ModelIR
import ScaleNetKit
import TestSupport
import Testing

/// One number that is off by a thousandth, in every tensor of a folded network: each is found, and named.
///
/// `SCALENET_SWEEP=folder` looks at all checkpoints of a folder, which `Tests/Peers/torch/residual_networks.py` makes.
@Suite struct PlantedFaultTests {
  private static var checkpoints: [String] {
    guard let folder = ProcessInfo.processInfo.environment["SCALENET_SWEEP"] else {
      return [Fixtures.path("tiny/tiny.pth")]
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".pth") }.sorted().map { "\(folder)/\($0)" }
  }

  @Test(arguments: checkpoints, [1, 2, 3] as [UInt64])
  func everyFaultIsFound(checkpoint: String, seed: UInt64) throws {
    let source = try Model.open(checkpoint).graph()
    var written = source
    try written.apply([
      EliminateIdentities(), FoldConstants(), FoldBatchNormalization(), EliminateDeadNodes(),
    ])
    var random = RandomSource(seed: seed)
    var planted: [String: Int] = [:]
    for id in written.initializers {
      guard let tensor = written.initializer(id), tensor.dataType == .float32 else { continue }
      var elements = try tensor.floats()
      let place = Int(random.next() % UInt64(elements.count))
      elements[place] += elements[place] == 0 ? 1e-3 : elements[place] * 1e-3
      written[id].initializer = Tensor(elements, shape: tensor.shape)
      planted[written[id].name] = place
    }
    let proof = try GraphProof(
      source: source, written: written,
      engine: DiffEngine(kernels: try kernelsForThisProcessor(), threads: 1), tolerance: .writtenFloat32
    ) { _ in ([:], [:]) }
    #expect(proof.weights.compared == proof.weights.total)
    // Biases have the names that folding gave them, or those of their nodes.
    let found = Set(proof.problems.map { $0.prefix { $0 != ":" } })
    let missed = planted.keys.filter { !found.contains($0[...]) }
    #expect(missed.isEmpty && proof.problems.count == planted.count, "\(missed.sorted())")
    #expect(proof.problems.allSatisfy { $0.contains(": 1 of ") })
    print(
      "SWEEP \(checkpoint.split(separator: "/").last ?? "") seed \(seed): \(planted.count) faults, \(proof.problems.count) found"
    )
  }
}
