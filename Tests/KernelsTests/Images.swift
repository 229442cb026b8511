import Kernels

/// A batch of images in memory of its own, for tests.
@safe final class Images<Scalar: BinaryFloatingPoint> {
  let map: FeatureMap<Scalar>
  private let count: Int

  /// Room for `gap` more elements after each image.
  init(_ shape: [Int], gap: Int = 0, lanes: Int = 1, _ element: (Int) -> Scalar = { _ in .nan }) {
    let image = shape[1] * shape[2] * shape[3]
    count = shape[0] * (image + gap)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 8, alignment: 64)
    let elements = unsafe memory.bindMemory(to: Scalar.self, capacity: max(count, 1))
    for index in 0..<count { unsafe elements[index] = .nan }
    for batch in 0..<shape[0] {
      for index in 0..<image {
        unsafe elements[batch * (image + gap) + index] = element(batch * image + index)
      }
    }
    unsafe map = unsafe FeatureMap(
      elements, batch: shape[0], channels: shape[1], extent: Extent(shape[2], shape[3]),
      batchStride: image + gap, lanes: lanes)
  }

  deinit { unsafe map.elements.deallocate() }

  /// The elements of all images, without the gaps.
  var values: [Double] {
    unsafe (0..<map.planeCount).flatMap { plane in
      unsafe (0..<map.planeSize).map { unsafe Double(map.plane(plane)[$0]) }
    }
  }

  /// Whether nothing was written between the images.
  var gapsAreUntouched: Bool {
    let image = unsafe map.channels * map.planeSize
    return unsafe (0..<map.batch).allSatisfy { batch in
      unsafe (image..<map.batchStride).allSatisfy { unsafe map.elements[batch * map.batchStride + $0].isNaN }
    }
  }
}

/// Numbers between -1 and 1 that depend on `seed` and the index alone.
struct Noise {
  let seed: UInt64

  subscript(index: Int) -> Double {
    var z = seed &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(index) &* 0xd1b5_4a32_d192_ed03
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double(Int64(bitPattern: z ^ (z >> 31))) / 0x1p63
  }
}

extension KernelSet {
  /// Prepares and runs a convolution in scratch memory full of NaN: nothing may be read before it is written.
  func convolve(
    _ geometry: Convolution, _ input: FeatureMap<Scalar>, weights: [Scalar], bias: [Scalar]?,
    residual: FeatureMap<Scalar>? = nil, appliesReLU: Bool = false, into output: FeatureMap<Scalar>,
    threads: ThreadPool
  ) {
    let prepared = unsafe convolution(geometry, weights: weights, bias: bias)
    let workspace = Images<Scalar>([1, 1, 1, prepared.workspaceCount(threads: threads.count)])
    unsafe prepared.run(
      input, into: output, residual: residual, appliesReLU: appliesReLU, workspace: workspace.map.elements,
      threads: threads)
  }
}
