public import FileIO
import HDF5
import ModelIR

extension KerasWriter {
  /// Compares the weights in a file of weights alone with those that were to be written, bit for bit.
  ///
  /// - Returns: how many numbers were compared.
  public func verifyWeights(in file: ByteRegion) throws(ScaleNetError) -> Int {
    var count = 0
    let root = try HDF5File(file).root()
    var budget = file.count
    for (weight, name) in zip(list.layers.flatMap(\.weights), names) {
      let found = try root.dataset(String(name.dataset.drop { $0 == "/" })).tensor(budget: &budget)
      let isSame: Bool
      do throws(ScaleNetError) {
        let comparable = found.shape == weight.shape ? found.reshaped(weight.tensor.shape) : nil
        isSame = try comparable?.hasSameBits(as: weight.tensor) ?? false
      } catch {
        throw .tensor(path: path, object: name.dataset, error: error)
      }
      guard isSame else {
        throw .wrongKind(
          path: path, object: name.dataset, expected: "the weight \(name.source)", found: "other numbers")
      }
      count += found.elementCount
    }

    return count
  }
}
