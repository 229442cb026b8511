#if SCALENET_WIDE
  internal import Kernels
#endif

extension TiledKernels {
  func combine(
    _ function: BinaryFunction, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
    _ broadcasting: Broadcasting, appliesReLU: Bool, into output: UnsafeMutablePointer<Float>,
    threads: ThreadPool
  ) {
    switch function {
    case .add: unsafe Self.combine(left, right, broadcasting, appliesReLU, output, threads) { $0 + $1 }
    case .subtract:
      unsafe Self.combine(left, right, broadcasting, appliesReLU, output, threads) { $0 - $1 }
    case .multiply: unsafe Self.combine(left, right, broadcasting, appliesReLU, output, threads) { $0 * $1 }
    case .divide: unsafe Self.combine(left, right, broadcasting, appliesReLU, output, threads) { $0 / $1 }
    case .power:
      unsafe Self.combine(left, right, broadcasting, appliesReLU, output, threads) { $0.power($1) }
    case .parametricReLU:
      unsafe Self.combine(left, right, broadcasting, appliesReLU, output, threads) { left, right in
        left.replacing(with: left * right, where: left .< 0)
      }
    }
  }

  @inline(__always)
  private static func combine(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ broadcasting: Broadcasting,
    _ appliesReLU: Bool, _ output: UnsafeMutablePointer<Float>, _ threads: ThreadPool,
    _ function: (Vector, Vector) -> Vector
  ) {
    let length = broadcasting.runLength
    let axis = broadcasting.dimensions.count - 1
    let steps = (
      left: broadcasting.leftStrides[axis], right: broadcasting.rightStrides[axis],
      output: broadcasting.outputStrides[axis]
    )
    let floor = Vector(repeating: appliesReLU ? 0 : -.infinity)
    // Long runs are cut, short ones are gathered.
    let parts = max(1, length / leastTask)
    let least = max(1, leastTask / max(1, length))
    threads.parallelRanges(broadcasting.runCount * parts, least: least) { tasks, _ in
      for task in tasks {
        let offsets = broadcasting.offsets(ofRun: task / parts)
        let part = task % parts
        let one = unsafe left + offsets.left
        let other = unsafe right + offsets.right
        let target = unsafe output + offsets.output
        var index = part * length / parts
        let end = (part + 1) * length / parts
        if steps == (1, 1, 1) {
          while index + Tile.lanes <= end {
            let value = unsafe function(.load(one + index), .load(other + index))
            unsafe value.replacing(with: floor, where: value .< floor).store(target + index)
            index += Tile.lanes
          }
        } else if steps == (1, 0, 1) {
          let repeated = unsafe Vector(repeating: other[0])
          while index + Tile.lanes <= end {
            let value = unsafe function(.load(one + index), repeated)
            unsafe value.replacing(with: floor, where: value .< floor).store(target + index)
            index += Tile.lanes
          }
        } else if steps == (0, 1, 1) {
          let repeated = unsafe Vector(repeating: one[0])
          while index + Tile.lanes <= end {
            let value = unsafe function(repeated, .load(other + index))
            unsafe value.replacing(with: floor, where: value .< floor).store(target + index)
            index += Tile.lanes
          }
        }
        while index < end {
          let value = unsafe function(
            Vector(repeating: one[index * steps.left]), Vector(repeating: other[index * steps.right]))
          unsafe target[index * steps.output] = value.replacing(with: floor, where: value .< floor)[0]
          index += 1
        }
      }
    }
  }
}
