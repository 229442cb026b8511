internal import Kernels

/// Matrix products of one size, one after the other in the output.
struct MatrixProducts {
  var geometry: MatrixProduct
  /// The axes before those of the matrices, in matrices.
  var batch: Broadcasting
  /// Steps of C along rows and columns.
  var rowStep = 0
  var columnStep = 0

  var count: Int { batch.runCount * batch.runLength }

  /// Where A and B begin for product `index`.
  func offsets(of index: Int) -> (a: Int, b: Int) {
    let (run, step) = (index / batch.runLength, index % batch.runLength)
    let start = batch.offsets(ofRun: run)
    let axis = batch.dimensions.count - 1
    return (
      (start.left + step * batch.leftStrides[axis]) * geometry.rows * geometry.depth,
      (start.right + step * batch.rightStrides[axis]) * geometry.depth * geometry.columns
    )
  }
}
