import FileIO
import ModelIR

extension Tensor {
  /// A copy of the elements at some indices of one axis, in the order given.
  func selecting(_ indices: [Int], axis: Int) throws(ScaleNetError) -> Tensor {
    let bytes = try bytes()
    let run = shape.dimensions[(axis + 1)...].reduce(dataType.byteCount, *)
    let extent = shape[axis]
    let outer = shape.dimensions[..<axis].reduce(1, *)
    var selected: [UInt8] = []
    selected.reserveCapacity(outer * indices.count * run)
    for row in 0..<outer {
      for index in indices {
        let start = (row * extent + index) * run
        selected += bytes[start..<start + run]
      }
    }
    var dimensions = shape.dimensions
    dimensions[axis] = indices.count
    return try Tensor(dataType, TensorShape(dimensions), storage: .copying(selected))
  }
}
