import Comparison
import Execution
import FileIO
import ModelIR

/// Proves a written graph against the one that it was made of.
struct Verification {
  let path: String
  let threads: Int?

  /// Runs both graphs on the same seeded inputs and compares their outputs, in their order.
  ///
  /// - Parameters:
  ///   - namesMatch: whether inputs and outputs must have the same names, which a format may not allow.
  ///   - preprocessing: what `found` does to images and `expected` does not: it gets numbers that were computed apart.
  func compare(
    expected: Graph, found: Graph, batch: Int, namesMatch: Bool = true, tolerance: Tolerance,
    preprocessing: GraphPreprocessing.Applied? = nil
  ) throws(ScaleNetError) -> VerificationReport {
    let names = expected.outputs.map { expected[$0].name }
    let foundNames = found.outputs.map { found[$0].name }
    let inputNames = expected.inputs.map { expected[$0].name }
    let foundInputNames = found.inputs.map { found[$0].name }
    guard names.count == foundNames.count, inputNames.count == foundInputNames.count,
      !namesMatch || (names == foundNames && inputNames == foundInputNames)
    else {
      throw .verificationFailed(
        path: path,
        problems: ["inputs \(inputNames) and outputs \(names) became \(foundInputNames) and \(foundNames)"])
    }
    var random = RandomSource(seed: 20_190_616)
    var expectedInputs: [String: Tensor] = [:]
    var foundInputs: [String: Tensor] = [:]
    for (id, other) in zip(expected.inputs, found.inputs) {
      guard let shape = expected[id].type.binding(batch).shape else { continue }
      if let preprocessing {
        let images = try preprocessing.images(&random, shape, isKeras: !namesMatch)
        expectedInputs[expected[id].name] = images.network.cast(to: expected[id].type.dataType)
        foundInputs[found[other].name] = images.graph.cast(to: found[other].type.dataType)
        continue
      }
      let tensor = Self.values(&random, expected[id].type.dataType, shape)
      expectedInputs[expected[id].name] = tensor
      foundInputs[found[other].name] = tensor.cast(to: found[other].type.dataType)
    }
    // One after the other, so that the memory of only one plan is in use.
    let expectedResults = try GraphRunner(expected, batch: batch, threads: threads)
      .run(expectedInputs)
    let runner = try GraphRunner(found, batch: batch, threads: threads)
    var problems: [String] = []
    let foundResults: [NamedTensor]
    if found.values.contains(where: { $0.type.dataType == .float16 }) {
      let (outputs, overflows) = try runner.runFindingOverflows(foundInputs)
      foundResults = outputs
      problems = overflows.map { "\($0.name.escapedForMessage) reaches \($0.value), which overflows float16" }
    } else {
      foundResults = try runner.run(foundInputs)
    }

    var worst = 0.0
    var count = 0
    for (a, b) in zip(expectedResults, foundResults) {
      guard a.tensor.shape == b.tensor.shape else {
        problems.append("\(a.name): shape \(a.tensor.shape) became \(b.tensor.shape)")
        continue
      }
      let (left, right) = (try floats(a), try floats(b))
      let distance = Distance(right, left, tolerance)
      count += distance.elementCount
      worst = max(worst, distance.relativeError)
      if !distance.isWithinTolerance {
        let index = distance.worstIndex ?? 0
        problems.append(
          "\(a.name): element \(index): expected \(left[index]), found \(right[index]), an error of "
            + "\(distance.relativeError) of the largest magnitude, limit \(tolerance.absolute)")
      }
    }
    guard problems.isEmpty else { throw .verificationFailed(path: path, problems: problems) }
    return VerificationReport(
      method: "outputs", comparedValues: count, largestRelativeError: worst,
      tolerance: tolerance.absolute)
  }

  /// Numbers of the normal distribution; of integers all that a byte has.
  private static func values(_ random: inout RandomSource, _ type: DataType, _ shape: TensorShape) -> Tensor {
    if type.isFloatingPoint { return Tensor(random.normals(shape.elementCount), shape: shape) }
    let bytes = (0..<shape.elementCount).map { _ in Int64(random.next() & 0x7f) }
    return Tensor(bytes, shape: shape).cast(to: type)
  }

  private func floats(_ result: NamedTensor) throws(ScaleNetError) -> [Float] {
    do throws(ScaleNetError) {
      return try result.tensor.floats()
    } catch {
      throw .tensor(path: path, name: result.name, error)
    }
  }

  /// Compares every tensor bit for bit.
  func compareBits(expected: StateDict, found: StateDict) throws(ScaleNetError) -> VerificationReport {
    var problems: [String] = []
    // Formats have orders of their own.
    for name in found.names where expected[name] == nil { problems.append("\(name) was not to be written") }
    var count = 0
    for entry in expected.entries {
      guard let other = found[entry.name] else {
        problems.append("\(entry.name) is missing")
        continue
      }
      guard other.dataType == entry.tensor.dataType, other.shape == entry.tensor.shape else {
        problems.append(
          "\(entry.name): \(TensorType(entry.tensor.dataType, entry.tensor.shape)) became "
            + "\(TensorType(other.dataType, other.shape))")
        continue
      }
      do throws(ScaleNetError) {
        if try !entry.tensor.hasSameBits(as: other) { problems.append("\(entry.name): elements differ") }
      } catch {
        throw .tensor(path: path, name: entry.name, error)
      }
      count += other.elementCount
    }
    guard problems.isEmpty else { throw .verificationFailed(path: path, problems: problems) }
    return VerificationReport(method: "bits", comparedValues: count, largestRelativeError: 0, tolerance: 0)
  }
}
