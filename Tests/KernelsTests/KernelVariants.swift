import Kernels

/// The fast kernels that this processor can run.
let fastVariants: [any KernelSet<Float>] = InstructionSet.allCases.compactMap(\.kernels)

/// Pools of one and of several threads.
let pools = [ThreadPool(count: 1), ThreadPool(count: 3)]

/// The largest distance between two lists of numbers; infinite if a number is missing or none.
func distance(_ left: [Double], _ right: [Double]) -> Double {
  guard left.count == right.count else { return .infinity }
  return zip(left, right).reduce(0) { largest, pair in
    let distance = abs(pair.0 - pair.1)
    return distance.isNaN ? .infinity : max(largest, distance)
  }
}
