import Comparison
import Execution
import FileIO
import Kernels
import ModelIR

/// Proves a written graph against the one that it was made of.
struct Verification {
  let path: String
  let threads: Int?

  /// Shows that the graph of a file is the one that it was made of; see `GraphProof`.
  ///
  /// - Parameters:
  ///   - namesMatch: whether inputs and outputs must have the same names, which a format may not allow.
  ///   - halfType: float16 or bfloat16, where weights were rounded to it.
  ///   - preprocessing: what `found` does to images and `expected` does not: it gets numbers that were computed apart.
  func compare(
    expected: Graph, found: Graph, batch: Int, namesMatch: Bool = true, halfType: DataType?,
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
    let tolerance = Tolerance.written(halfType)
    var random = RandomSource(seed: 20_190_616)
    let proof: GraphProof
    do throws(ScaleNetError) {
      proof = try GraphProof(
        source: expected, written: found,
        engine: DiffEngine(kernels: try kernelsForThisProcessor(), threads: try GraphRunner.threads(threads)),
        tolerance: tolerance, weightType: halfType, inputsAreRounded: preprocessing != nil
      ) { (_) throws(ScaleNetError) in
        var inputs: (source: [String: Tensor], written: [String: Tensor]) = ([:], [:])
        for (id, other) in zip(expected.inputs, found.inputs) {
          guard let shape = expected[id].type.binding(batch).shape else { continue }
          let type = expected[id].type.dataType
          if let preprocessing {
            let images = try preprocessing.images(&random, shape, isKeras: !namesMatch)
            inputs.source[expected[id].name] = images.network.cast(to: type)
            inputs.written[found[other].name] = images.graph.cast(to: found[other].type.dataType)
            continue
          }
          // Both sides take the same numbers, also where one takes them in a half type.
          let tensor = random.input(type, shape).cast(to: found[other].type.dataType)
          inputs.source[expected[id].name] = tensor.cast(to: type)
          inputs.written[found[other].name] = tensor
        }
        return inputs
      }
    } catch {
      throw error.inFile(path)
    }
    guard proof.problems.isEmpty else { throw .verificationFailed(path: path, problems: proof.problems) }
    return VerificationReport(proof, tolerance)
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
    return VerificationReport(bits: count)
  }
}
