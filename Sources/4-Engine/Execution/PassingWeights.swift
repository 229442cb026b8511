import FileIO
internal import Kernels
internal import ModelIR

// Safe: weights are read into memory of the size that the planner counted, and packed before it is used for the next.

/// Memory that a plan takes as it needs it, and keeps for what comes next.
@safe final class GrowingMemory<Element: BitwiseCopyable> {
  private var memory = AlignedMemory<Element>(count: 0)

  /// Room for so many elements. What lay there before is lost.
  func elements(_ count: Int) -> UnsafeMutablePointer<Element> {
    if memory.count < count {
      // First the old one goes.
      memory = AlignedMemory(count: 0)
      memory = AlignedMemory(count: count)
    }
    return unsafe memory.elements
  }
}

/// What a plan that does not keep weights needs for the step that runs.
final class PassingMemory<Scalar: ExecutionScalar> {
  let floats = GrowingMemory<Float>()
  let scalars = GrowingMemory<Scalar>()
  let workspace = GrowingMemory<Scalar>()
  let results = GrowingMemory<Scalar>()
}

/// A weight that stays where it is. Parts of it are read when a step that needs them runs.
struct PassingWeight {
  /// Elements of a part: 4 MB of float32. A layer of more is computed part by part.
  static let partElements = 1 << 20

  let tensor: Tensor
  let name: String

  /// What is read: `rows` runs of `count` elements, the first from `start` on, `step` elements apart.
  struct Part {
    var start: Int
    var count: Int
    var rows = 1
    var step = 0
  }

  /// Whether float32 holds what the weight yields, so that nothing is widened before it is packed.
  private var isHeldByFloats: Bool {
    tensor.dataType.isFloatingPoint && tensor.dataType != .float64
  }

  /// Lets the pages of the file go that were read: beside what is computed from them they need not stay.
  func release() {
    if tensor.byteCount >= leastReleasedBytes { tensor.releasePages() }
  }

  /// Calls one of the two functions with a part of the elements: as they lie in the file where they are float32 in
  /// order, else copied. Pages of a part that is one run are let go afterwards; other parts lie in them too.
  func withPart<Scalar: ExecutionScalar, Result>(
    _ part: Part, _ memory: PassingMemory<Scalar>, floats: (UnsafePointer<Float>) -> Result,
    scalars: (UnsafePointer<Scalar>) -> Result
  ) throws(ScaleNetError) -> Result {
    defer { if part.rows == 1 { release() } }
    do throws(ScaleNetError) {
      if part.rows == 1,
        let result = unsafe tensor.withStoredFloats(
          from: part.start, count: part.count,
          { stored in
            if let own = unsafe Scalar.unchanged(stored) { return unsafe scalars(own) }
            return unsafe floats(stored)
          })
      {
        try tensor.checkIntact()
        return result
      }
      if isHeldByFloats {
        let copy = unsafe memory.floats.elements(part.count * part.rows)
        for row in 0..<part.rows {
          try unsafe tensor.readFloats(
            from: part.start + row * part.step,
            into: UnsafeMutableBufferPointer(start: copy + row * part.count, count: part.count))
        }
        try tensor.checkIntact()
        if let own = unsafe Scalar.unchanged(UnsafePointer(copy)) { return unsafe scalars(own) }
        return unsafe floats(UnsafePointer(copy))
      }
      let copy = unsafe memory.scalars.elements(part.count * part.rows)
      for row in 0..<part.rows {
        try unsafe Scalar.read(
          tensor, from: part.start + row * part.step,
          into: UnsafeMutableBufferPointer(start: copy + row * part.count, count: part.count))
      }
      return unsafe scalars(UnsafePointer(copy))
    } catch {
      throw .unreadableInitializer(name: name, error: error)
    }
  }
}

/// A convolution whose weights are packed when it runs, some output channels at a time.
struct PassingConvolution<Scalar: ExecutionScalar> {
  let geometry: Convolution
  let weight: PassingWeight
  /// One for each output channel, or none.
  let bias: [Scalar]
  /// How the input's channels lie; nil for planes.
  let input: ChannelBlocks?
  let function: FusedFunction?
  let appliesReLU: Bool

  /// Output channels that are computed at a time: whole pairs of blocks, and all of several groups.
  var channels: Int {
    if geometry.groups > 1 { return geometry.outputChannels }
    return max(64, PassingWeight.partElements / max(1, geometry.depth) / 64 * 64)
  }
}

/// A matrix product whose B is packed when it runs, some columns at a time.
struct PassingProduct {
  let geometry: MatrixProduct
  let weight: PassingWeight
  /// Steps of C along rows and columns.
  let rowStep: Int
  let columnStep: Int

  /// Columns that are computed at a time.
  var columns: Int { max(64, PassingWeight.partElements / max(1, geometry.depth) / 64 * 64) }
}

extension Executor {
  /// Packs and convolves, part by part.
  func pass(
    _ convolution: PassingConvolution<Scalar>, _ step: Step<Scalar>, _ memory: PlanMemory<Scalar>
  ) throws(ScaleNetError) {
    let geometry = convolution.geometry
    let input = unsafe memory.map(step.inputs[0])
    let output = unsafe memory.map(step.output)
    let residual = unsafe step.inputs.count > 1 ? memory.map(step.inputs[1]) : nil
    for first in stride(from: 0, to: geometry.outputChannels, by: convolution.channels) {
      var part = geometry
      part.outputChannels = min(convolution.channels, geometry.outputChannels - first)
      let lanes = unsafe output.lanes
      let stored = (part.outputChannels + lanes - 1) / lanes * lanes
      /// The part's channels of a map.
      func own(_ map: FeatureMap<Scalar>) -> FeatureMap<Scalar> {
        unsafe FeatureMap(
          map.elements + first * map.planeSize, batch: map.batch, channels: stored,
          extent: map.extent,
          batchStride: map.batchStride, lanes: map.lanes)
      }
      let bias =
        convolution.bias.isEmpty ? [] : Array(convolution.bias[first..<first + part.outputChannels])
      let elements = PassingWeight.Part(start: first * geometry.depth, count: part.weightCount)
      if let blocked = kernels.blocked {
        let prepared = try unsafe bias.withUnsafeBufferPointer { bias throws(ScaleNetError) in
          let bias = bias.isEmpty ? nil : bias.baseAddress
          return try unsafe convolution.weight.withPart(elements, memory.passing) {
            (_: UnsafePointer<Float>) -> any BlockedConvolution<Scalar> in
            preconditionFailure("kernels that work in blocks compute in float32")
          } scalars: {
            unsafe blocked.blockedConvolution(
              part, weights: $0, bias: bias, input: convolution.input, threads: memory.pool)
          }
        }
        let workspace = unsafe memory.passing.workspace.elements(
          prepared.workspaceCount(threads: memory.pool.count))
        unsafe prepared.run(
          input, into: own(output), residual: residual.map { unsafe own($0) },
          function: convolution.function, workspace: workspace, threads: memory.pool)
        continue
      }
      let prepared = try unsafe bias.withUnsafeBufferPointer { bias throws(ScaleNetError) in
        let bias = bias.isEmpty ? nil : bias.baseAddress
        return try unsafe convolution.weight.withPart(elements, memory.passing) {
          (floats: UnsafePointer<Float>) -> any PreparedConvolution<Scalar> in
          unsafe kernels.convolution(part, floats: floats, bias: bias, threads: memory.pool)
        } scalars: {
          unsafe kernels.convolution(part, weights: $0, bias: bias)
        }
      }
      let workspace = unsafe memory.passing.workspace.elements(
        prepared.workspaceCount(threads: memory.pool.count))
      unsafe prepared.run(
        input, into: own(output), residual: residual.map { unsafe own($0) },
        appliesReLU: convolution.appliesReLU, workspace: workspace, threads: memory.pool)
    }
  }

  /// Packs and multiplies, part by part.
  func pass(
    _ product: PassingProduct, _ step: Step<Scalar>, _ memory: PlanMemory<Scalar>
  ) throws(ScaleNetError) {
    defer { product.weight.release() }
    let geometry = product.geometry
    let a = unsafe UnsafePointer(memory.address(step.inputs[0]))
    let c = unsafe step.inputs.count > 1 ? UnsafePointer(memory.address(step.inputs[1])) : nil
    let output = unsafe memory.address(step.output)
    for first in stride(from: 0, to: geometry.columns, by: product.columns) {
      var part = geometry
      part.columns = min(product.columns, geometry.columns - first)
      let isWhole = part.columns == geometry.columns
      let elements =
        geometry.transposesB || isWhole
        ? PassingWeight.Part(start: first * geometry.depth, count: part.columns * geometry.depth)
        : PassingWeight.Part(
          start: first, count: part.columns, rows: geometry.depth, step: geometry.columns)
      let prepared = try unsafe product.weight.withPart(elements, memory.passing) {
        (floats: UnsafePointer<Float>) -> any PreparedMatrixProduct<Scalar> in
        unsafe kernels.matrixProduct(part, floats: floats, threads: memory.pool)
      } scalars: {
        unsafe kernels.matrixProduct(part, b: $0)
      }
      let workspace = unsafe memory.passing.workspace.elements(
        prepared.workspaceCount(threads: memory.pool.count))
      let added = unsafe c.map {
        unsafe ($0 + first * product.columnStep, product.rowStep, product.columnStep)
      }
      if isWhole || geometry.rows == 1 {
        unsafe prepared.run(
          a: a, c: added, into: output + first, workspace: workspace, threads: memory.pool)
        continue
      }
      // Rows of a part do not follow each other in the output.
      let result = unsafe memory.passing.results.elements(geometry.rows * part.columns)
      unsafe prepared.run(a: a, c: added, into: result, workspace: workspace, threads: memory.pool)
      for row in 0..<geometry.rows {
        unsafe (output + (row * geometry.columns + first)).update(
          from: result + row * part.columns, count: part.columns)
      }
    }
  }
}
