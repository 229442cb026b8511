// Safe: sizes were checked where the graph was planned (`KernelSet`): A, B, C and the output have the rows and
// columns that the geometry says.

/// A matrix product as three nested loops.
struct ReferenceMatrixProduct<Scalar: BinaryFloatingPoint & Sendable>: PreparedMatrixProduct {
  let geometry: MatrixProduct
  let b: [Scalar]

  func workspaceCount(threads: Int) -> Int { 0 }

  func repacked(b: UnsafePointer<Scalar>) -> Self {
    Self(geometry: geometry, b: unsafe Array(UnsafeBufferPointer(start: b, count: self.b.count)))
  }

  @_specialize(where Scalar == Double)
  @_specialize(where Scalar == Float)
  func run(
    a: UnsafePointer<Scalar>, c: (elements: UnsafePointer<Scalar>, rowStep: Int, columnStep: Int)?,
    into output: UnsafeMutablePointer<Scalar>, workspace: UnsafeMutablePointer<Scalar>, threads: ThreadPool
  ) {
    let (rows, columns, depth) = (geometry.rows, geometry.columns, geometry.depth)
    threads.parallelFor(rows) { row, _ in
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<depth {
          let left = unsafe a[geometry.transposesA ? k * rows + row : row * depth + k]
          let right = b[geometry.transposesB ? column * depth + k : k * columns + column]
          sum += Double(left) * Double(right)
        }
        sum *= geometry.alpha
        if let c = unsafe c {
          unsafe sum += geometry.beta * Double(c.elements[row * c.rowStep + column * c.columnStep])
        }
        unsafe output[row * columns + column] = Scalar(sum)
      }
    }
  }
}
