import Foundation
import Kernels
import Testing

/// Functions of the elements, and means and moves, against their definitions.
@Suite struct FunctionTests {
  private static let functions: [(UnaryFunction, @Sendable (Double) -> Double)] = [
    (.leakyReLU(alpha: 0.25), { $0 < 0 ? 0.25 * $0 : $0 }),
    (.hardSigmoid(alpha: 0.25, beta: 0.5), { max(0, min(1, 0.25 * $0 + 0.5)) }),
    (.hardSwish, { $0 * max(0, min(1, $0 / 6 + 0.5)) }), (.hyperbolicTangent, { tanh($0) }),
    (.squareRoot, { $0.squareRoot() }), (.exponential, { exp($0) }),
    (.swish(alpha: 1.5), { $0 / (1 + exp(-1.5 * $0)) }), (.errorFunction, { erf($0) }),
    (.gelu(isTanh: false), { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }),
    (
      .gelu(isTanh: true),
      { $0 / 2 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
    ),
    (.round, { rint($0) }),
  ]

  @Test func functionsOfOneElement() {
    let values: [Float] =
      [
        0, -0.0, 1e-30, 1e-4, -1e-4, 0.59, 0.6, 0.61, -0.61, 2.99, 3, 3.01, -3, 9, -9.5, 20, -30, 80, 88.5,
        -86,
      ]
      + (0..<200).map { Float(Noise(seed: 3)[$0] * 12) }
    for kernels in fastVariants + [ReferenceKernels<Float>()] {
      for (function, definition) in Self.functions {
        let input = Images<Float>([1, 1, 1, values.count]) { values[$0] }
        let output = Images<Float>([1, 1, 1, values.count])
        unsafe kernels.apply(function, input.map, into: output.map, threads: pools[0])
        for (x, found) in zip(values, output.values) {
          let expected = definition(Double(x))
          let close = abs(found - expected) <= Tolerance.elementwise * max(abs(expected), 1e-3)
          #expect(close || (found.isNaN && expected.isNaN), "\(kernels.name) \(function) of \(x): \(found)")
        }
      }
    }
  }

  @Test func functionsAtTheEnds() {
    let values: [Float] = [.infinity, -.infinity, .nan, 1000, -1000, -104]
    func results(_ function: UnaryFunction, _ kernels: any KernelSet<Float>) -> [Double] {
      let input = Images<Float>([1, 1, 1, values.count]) { values[$0] }
      let output = Images<Float>([1, 1, 1, values.count])
      unsafe kernels.apply(function, input.map, into: output.map, threads: pools[0])
      return output.values
    }
    for kernels in fastVariants + [ReferenceKernels<Float>()] {
      let powers = results(.exponential, kernels)
      #expect(powers[0] == .infinity && powers[1] == 0 && powers[2].isNaN, "\(kernels.name)")
      #expect(powers[3] == .infinity && powers[4] == 0 && powers[5] < 1e-38, "\(kernels.name)")
      let tangents = results(.hyperbolicTangent, kernels)
      #expect(tangents[0] == 1 && tangents[1] == -1 && tangents[2].isNaN, "\(kernels.name)")
      #expect(tangents[3...] == [1, -1, -1], "\(kernels.name)")
      let gates = results(.hardSigmoid(alpha: 0.2, beta: 0.5), kernels)
      #expect(gates[0] == 1 && gates[1] == 0 && gates[2].isNaN, "\(kernels.name)")
      #expect(results(.squareRoot, kernels)[4].isNaN, "\(kernels.name)")
    }
  }

  @Test(arguments: [
    ([2, 3, 40], [2, 3, 40]), ([3, 1, 1], [2, 3, 7, 9]), ([2, 3, 7, 9], [3, 1, 1]), ([1], [50]),
  ])
  func functionsOfTwoElements(left: [Int], right: [Int]) throws {
    let broadcasting = try #require(Broadcasting(left: left, right: right))
    let a = (0..<left.reduce(1, *)).map { Float(Noise(seed: 21)[$0]) }
    let b = (0..<right.reduce(1, *)).map { Float(abs(Noise(seed: 22)[$0]) + 0.5) }
    let count = broadcasting.runCount * broadcasting.runLength
    for function in [BinaryFunction.subtract, .divide, .parametricReLU, .power] {
      // Powers of what is negative are none.
      let a = function == .power ? a.map { abs($0) } : a
      func run(_ kernels: any KernelSet<Float>, _ pool: ThreadPool) -> [Double] {
        var result = [Float](repeating: .nan, count: count)
        unsafe kernels.combine(
          function, a, b, broadcasting, appliesReLU: false, into: &result, threads: pool)
        return result.map(Double.init)
      }
      let expected = run(ReferenceKernels<Float>(), pools[0])
      #expect(!expected.contains { $0.isNaN })
      for variant in fastVariants {
        let result = run(variant, pools[0])
        #expect(distance(result, expected) <= Tolerance.elementwise, "\(variant.name) \(function)")
        #expect(distance(result, run(variant, pools[1])) == 0, "\(variant.name) \(function)")
      }
    }
  }

  /// Moves 0, 1, 2, ... and gives what lies in the output, where -9 is what was not written.
  private func move(_ movement: Movement, from count: Int, to outputCount: Int) -> [Float] {
    let input = (0..<count).map { Float($0) }
    var results: [[Float]] = []
    for pool in pools {
      var output = [Float](repeating: -9, count: outputCount)
      unsafe movement.run(input, into: &output, threads: pool)
      results.append(output)
    }
    #expect(results[0] == results[1])
    return results[0]
  }

  @Test func movesOfEveryKind() {
    // Rows backwards, from the last element of each.
    let backwards = Movement(
      base: 3,
      axes: [
        Movement.Axis(.strided(count: 2, step: 4), outputStep: 4),
        Movement.Axis(.strided(count: 4, step: -1), outputStep: 1),
      ])
    #expect(move(backwards, from: 8, to: 8) == [3, 2, 1, 0, 7, 6, 5, 4])
    // A table that falls by one to the fill value is no row backwards.
    let filled = Movement(
      axes: [
        Movement.Axis(.table([0, -1]), outputStep: 3), Movement.Axis(.table([1, 0, -1]), outputStep: 1),
      ], fill: 7)
    #expect(move(filled, from: 2, to: 6) == [1, 0, 7, 7, 7, 7])
    // Images apart in the output.
    let apart = Movement(
      axes: [
        Movement.Axis(.strided(count: 2, step: 2), outputStep: 5),
        Movement.Axis(.strided(count: 2, step: 1), outputStep: 1),
      ])
    #expect(move(apart, from: 4, to: 8) == [0, 1, -9, -9, -9, 2, 3, -9])
    let table = [5, 0, 0, 9, 2, 2, 7, 1, 4, 4, 3]
    let chosen = Movement(axes: [Movement.Axis(.table(table), outputStep: 1)])
    #expect(move(chosen, from: 10, to: 11) == table.map { Float($0) })
  }

  @Test(arguments: [(1, 70, 90), (3, 17, 5), (2, 8, 8), (40, 3, 100)])
  func transpositions(outer: Int, rows: Int, columns: Int) {
    let movement = Movement(
      axes: [
        Movement.Axis(.strided(count: outer, step: rows * columns), outputStep: rows * columns),
        Movement.Axis(.strided(count: columns, step: 1), outputStep: rows),
        Movement.Axis(.strided(count: rows, step: columns), outputStep: 1),
      ])
    let count = outer * rows * columns
    let expected = (0..<outer).flatMap { image in
      (0..<columns).flatMap { column in
        (0..<rows).map { Float((image * rows + $0) * columns + column) }
      }
    }
    #expect((move(movement, from: count, to: count) == expected) as Bool)
  }

  @Test(arguments: [Set([0]), [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2], []])
  func means(axes: Set<Int>) {
    let shape = [3, 40, 1500]
    let input = (0..<shape.reduce(1, *)).map { Float(Noise(seed: 4)[$0]) }
    let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
    var sums = [Double](repeating: 0, count: kept.reduce(1, *))
    for index in input.indices {
      let position = [index / 60000, index / 1500 % 40, index % 1500]
      let place = zip(kept, position).reduce(0) { $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1) }
      sums[place] += Double(input[index])
    }
    let expected = sums.map { $0 / Double(input.count / sums.count) }
    for pool in pools {
      var output = [Float](repeating: .nan, count: sums.count)
      unsafe Reduction(shape: shape, axes: axes).mean(input, into: &output, threads: pool)
      #expect(distance(output.map(Double.init), expected) <= Tolerance.rounding)
    }
  }
}
