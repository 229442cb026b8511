import Architectures
import Execution
import FoundationEssentials
import Kernels
import ModelIR
import TestSupport
import Testing

/// What torchvision and timm compute with networks of few blocks, computed from the same weights.
@Suite struct BaselineOutputTests {
  private struct Case: Decodable {
    let name: String
    let input: [Int]
    let weights: [NamedShape]
    let output: [Float]
  }

  private func cases(_ name: String) throws -> [Case] {
    let bytes = Data(try Fixtures.bytes("baselines/outputs.json"))
    return try JSONDecoder().decode([Case].self, from: bytes).filter { $0.name == name }
  }

  private func weights(_ case: Case) -> StateDict {
    var weights = StateDict()
    for weight in `case`.weights {
      weights.append(weight.name, DeterministicElements.weight(weight.name, TensorShape(weight.shape)))
    }
    return weights
  }

  /// The largest difference from the expected logits, as a part of the largest logit.
  private func difference(_ case: Case, _ weights: StateDict, placement: StridePlacement? = nil) throws
    -> Float
  {
    let size = InputSize(height: `case`.input[0], width: `case`.input[1])
    let graph = try Architecture.recognize(weights, source: `case`.name).graph(
      weights, options: BuildOptions(inputSize: size, batch: 1, stridePlacement: placement))
    let executor = try Executor(graph, kernels: baselineKernels())
    let image = DeterministicElements.image(height: size.height, width: size.width)
    let found = try #require(try executor.run(["input": image]).first).tensor.floats()
    #expect(found.count == `case`.output.count)
    let largest = `case`.output.map(abs).max() ?? 0
    return zip(found, `case`.output).map { abs($0 - $1) }.max().map { $0 / largest } ?? .infinity
  }

  @Test(arguments: [
    ("basic", ArchitectureFamily.resNet), ("bottleneck", .resNet), ("grouped", .resNeXt),
    ("squeeze", .seResNet),
    ("grouped squeeze", .seResNeXt), ("basic squeeze", .seResNet), ("legacy basic squeeze", .seResNet),
    ("legacy squeeze", .seResNet),
    ("legacy grouped squeeze", .seResNeXt),
  ])
  func computesWhatTorchvisionAndTimmDo(name: String, family: ArchitectureFamily) throws {
    let cases = try cases(name)
    #expect(cases.count == 2)
    let weights = weights(try #require(cases.first))
    #expect(try Architecture.recognize(weights, source: name).family == family)
    for `case` in cases { #expect(try difference(`case`, weights) < 1e-5) }
  }

  @Test func theStepsPlaceChangesTheResult() throws {
    for (name, other) in [("squeeze", StridePlacement.first), ("legacy squeeze", .middle)] {
      let `case` = try #require(try cases(name).first)
      #expect(try difference(`case`, weights(`case`), placement: other) > 1e-3)
    }
  }
}
