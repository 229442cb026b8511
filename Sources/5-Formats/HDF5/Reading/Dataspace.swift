import FileIO
import ModelIR

/// The extents of a dataset or attribute. Format: section IV.A.2.b.
struct Dataspace {
  let shape: TensorShape

  init(_ cursor: inout Cursor) throws(ScaleNetError) {
    let version = try cursor.version(1...2)
    let rank = try cursor.byte()
    try cursor.skip(1)
    let kind = version == 1 ? 1 : try cursor.byte()
    if version == 1 { try cursor.skip(5) }
    guard rank <= 32, kind <= 2, kind == 1 || rank == 0 else {
      throw cursor.failure("rank 0 to 32 of a simple space", "rank \(rank), kind \(kind)")
    }
    var extents: [Int] = []
    for _ in 0..<rank { extents.append(try cursor.length()) }
    // The null space holds nothing.
    if kind == 2 { extents = [0] }
    guard let shape = TensorShape(checking: extents) else {
      throw cursor.failure("extents whose product is below 2^59", extents)
    }
    self.shape = shape
  }
}
