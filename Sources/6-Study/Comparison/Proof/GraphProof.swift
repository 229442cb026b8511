import Execution
package import FileIO
package import ModelIR

/// What a written graph was proved by, or why it is not the one that it was made of.
package struct GraphProof {
  /// How many of the source's numbers were held against the written ones, of how many.
  package private(set) var weights: (compared: Int, total: Int) = (0, 0)
  /// How many elements of outputs were compared in one run.
  package private(set) var comparedValues = 0
  /// How many of them are NaN on both sides, of which nothing is known.
  package private(set) var undecidedValues = 0
  /// How far both graphs are apart in Double, as a part of the largest magnitude; and how far they may be.
  package private(set) var exactError = 0.0
  package private(set) var exactLimit = 0.0
  /// How far they are apart in float32, and how far they may be.
  package private(set) var error = 0.0
  package private(set) var limit = 0.0
  /// How far the source in float32 is from itself in Double.
  package private(set) var sourceError = 0.0
  /// How many inputs were looked at: one, and more where the first left a doubt.
  package private(set) var runs = 0
  /// What is wrong, a sentence each; empty where the graph is proved.
  package private(set) var problems: [String] = []

  /// How many times the source's own rounding a difference in float32 may be: the sum of two errors of its size, and
  /// room for chance.
  package static let roundingFactor = 4.0
  /// Most inputs that are tried before a difference counts.
  private static let mostRuns = 8
  /// The least limit in Double. Weights are the source's own there, so that besides the order of sums only attributes
  /// differ, which are float32 in one format and decimal in another: slopes, factors, epsilons.
  private static let leastExactLimit = 0x1p-23
  /// What part of the source's own error in float32 these attributes may come to, one of so many.
  private static let attributesShare = 4.0

  private let engine: DiffEngine
  private let tolerance: Tolerance

  /// Compares what a file holds with what was meant.
  ///
  /// Three things are shown. Each weight is the source's but for rounding (`WeightProof`). With the source's own weights
  /// in it, unrounded, the written graph gives in Double what the source gives, to what Double rounds, and to what
  /// attributes explain that are float32 in one format and decimal in the other: so it is the same network. And in
  /// float32 it gives what the source gives, to `tolerance`, or, where the network amplifies rounding, to four times the
  /// source's own error against Double.
  ///
  /// A graph that is the other one node by node, with the same operators and weights, bit for bit (`SameGraph`), is not
  /// computed a second time.
  ///
  /// - Parameters:
  ///   - source: the graph from before all passes.
  ///   - written: as it was read back; inputs and outputs in the source's order.
  ///   - tolerance: the limit in the type that was written, as a part of the largest magnitude.
  ///   - weightType: a half type that weights were rounded to, where the file has them in another; nil for none.
  ///   - inputsAreRounded: whether the written graph computes what the source's inputs are given as, to float32.
  ///   - inputs: gives the inputs of a run: for the source, and for the written graph.
  package init(
    source: Graph, written: Graph, engine: DiffEngine, tolerance: Tolerance, weightType: DataType? = nil,
    inputsAreRounded: Bool = false,
    inputs: (Int) throws(ScaleNetError) -> (source: [String: Tensor], written: [String: Tensor])
  ) throws(ScaleNetError) {
    self.engine = engine
    self.tolerance = tolerance
    var form = source
    // Exact as they are, and what the writer was given.
    try form.apply([EliminateIdentities(), FoldConstants()])
    let proof = try WeightProof(
      source: form, written: written, weightType: weightType, threads: engine.threads)
    weights = (proof.comparedCount, proof.totalCount)
    problems = proof.problems
    guard problems.isEmpty else { return }

    let plain = try form.withoutRounding()
    let exactWritten = try written.withoutRounding().substituting(proof.proved, of: plain)
    let isHalf =
      weightType != nil
      || written.values.contains { $0.type.dataType == .float16 || $0.type.dataType == .bfloat16 }
    // By so much more than float32 the half types round: 13 and 16 bits of the mantissa are missing.
    let isShort = weightType == .bfloat16 || written.values.contains { $0.type.dataType == .bfloat16 }
    let coarseness = isShort ? 0x1p16 : isHalf ? 0x1p13 : 1
    let isSame = (
      // Overflows of half types are looked for in the written graph.
      inFloats: isHalf ? false : try SameGraph.areSame(source, written),
      inDoubles: try SameGraph.areSame(plain, exactWritten)
    )
    repeat {
      let arrays = try inputs(runs)
      try run(
        source: (source, plain), written: (written, exactWritten), arrays, isSame: isSame,
        isHalf: isHalf, coarseness: coarseness, isExact: proof.isComplete && !inputsAreRounded)
      runs += 1
    } while error > limit && problems.isEmpty && runs < Self.mostRuns
    if problems.isEmpty, error > limit {
      problems.append(
        "in \(tolerance.name) an error of \(error.scientific) of the largest magnitude, limit \(limit.scientific)"
      )
    }
  }

  private mutating func run(
    source: (graph: Graph, exact: Graph), written: (graph: Graph, exact: Graph),
    _ inputs: (source: [String: Tensor], written: [String: Tensor]),
    isSame: (inFloats: Bool, inDoubles: Bool), isHalf: Bool, coarseness: Double, isExact: Bool
  ) throws(ScaleNetError) {
    var isGivenTheSame = true
    for (id, other) in zip(source.graph.inputs, written.graph.inputs) where isGivenTheSame {
      guard let a = inputs.source[source.graph[id].name],
        let b = inputs.written[written.graph[other].name]
      else { continue }
      isGivenTheSame = try a.hasSameBits(as: b)
    }
    // One after the other, so that the memory of only one plan is in use.
    let expected = try engine.floats(source.graph, inputs.source)
    let found =
      isSame.inFloats && isGivenTheSame
      ? expected : try floats(written.graph, inputs.written, isHalf: isHalf)
    guard problems.isEmpty else { return }
    let exact = try engine.doubles(source.exact, inputs.source)
    var wide = inputs.written
    for id in written.exact.inputs {
      let (name, type) = (written.exact[id].name, written.exact[id].type.dataType)
      wide[name] = wide[name]?.cast(to: type)
    }
    let exactFound =
      isSame.inDoubles && isGivenTheSame ? exact : try engine.doubles(written.exact, wide)

    let difference = try distances(found, expected, isShown: runs == 0)
    guard problems.isEmpty else { return }
    let own = try distances(expected, exact, isShown: false)
    let exactDifference = try distances(exactFound, exact, isShown: false)
    // An overflow of float32 is no rounding to go by.
    sourceError = max(sourceError, own.ifFinite ?? 0)
    error = max(error, difference)
    exactError = max(exactError, exactDifference)
    limit = max(tolerance.absolute, Self.roundingFactor * sourceError * coarseness)
    // A network that makes float32's rounding of every value larger does so with that of a few attributes too.
    exactLimit = max(Self.leastExactLimit, sourceError / Self.attributesShare)
    if !isExact {
      // Numbers that stand as they were stored differ by their rounding, and so do inputs that were computed in float32.
      exactLimit = max(exactLimit, 2 * Self.roundingFactor * max(sourceError, 1e-7) * coarseness)
    }
    if exactError > exactLimit {
      problems.append(
        "it computes something else: in Double, where float32's rounding plays no part, its outputs are off by "
          + "\(exactError.scientific) of the largest magnitude, limit \(exactLimit.scientific)")
    }
  }

  /// The largest distance of all outputs. What can't be compared, and outputs that prove nothing, are problems.
  private mutating func distances(
    _ found: [NamedTensor], _ expected: [NamedTensor], isShown: Bool
  ) throws(ScaleNetError) -> Double {
    var worst = 0.0
    for (a, b) in zip(found, expected) {
      guard a.tensor.shape == b.tensor.shape else {
        problems.append("\(b.name.escapedForMessage): shape \(b.tensor.shape) became \(a.tensor.shape)")
        continue
      }
      let distance = Distance(try elements(a), try elements(b), .exact)
      worst = max(worst, distance.relativeError)
      guard isShown else { continue }
      comparedValues += distance.elementCount
      undecidedValues += distance.undecidedCount
      if distance.provesNothing {
        problems.append(
          "nothing is proved: no element of output \(b.name.escapedForMessage) is finite, of the source neither "
            + "(NaN or infinite in all of \(distance.elementCount))")
      }
    }
    return worst
  }

  private func elements(_ output: NamedTensor) throws(ScaleNetError) -> [Double] {
    output.tensor.dataType.isFloatingPoint && output.tensor.dataType != .float64
      ? try output.tensor.floats(of: output.name).map { Double($0) }
      : try output.tensor.doubles(of: output.name)
  }

  /// The outputs in float32. In a graph of half types, every value that overflows is a problem.
  private mutating func floats(
    _ graph: Graph, _ inputs: [String: Tensor], isHalf: Bool
  ) throws(ScaleNetError) -> [NamedTensor] {
    guard isHalf else { return try engine.floats(graph, inputs) }
    var overflows: [String] = []
    let outputs = try engine.floats(graph, inputs) { (id, tensor) throws(ScaleNetError) in
      guard tensor.dataType == .float16 || tensor.dataType == .bfloat16 else { return }
      do throws(ScaleNetError) {
        _ = try tensor.firstNonFinite()
      } catch {
        guard let overflow = error.overflow else {
          throw .unreadableInput(name: graph[id].name, error: error)
        }
        overflows.append(
          "\(graph[id].name.escapedForMessage) reaches \(overflow.value), which overflows \(overflow.type)")
      }
    }
    problems += overflows
    return outputs
  }
}
