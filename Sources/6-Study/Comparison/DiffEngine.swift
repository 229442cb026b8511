import Execution
package import FileIO
package import Kernels
package import ModelIR

/// How the graphs of a comparison are computed.
package struct DiffEngine: Sendable {
  let kernels: any KernelSet<Float>
  let threads: Int
  /// The search for causes whose work this is; nil for what else a comparison computes.
  var search: CauseSearch?

  /// - Parameter kernels: what computes in float32.
  package init(kernels: any KernelSet<Float>, threads: Int) {
    self.kernels = kernels
    self.threads = threads
  }

  /// For graphs that run once: their weights stay where they are.
  private static var once: ExecutionOptions {
    var options = ExecutionOptions()
    options.keepsWeights = false
    return options
  }

  /// The same for graphs whose values are shown.
  private static var shownOnce: ExecutionOptions {
    var options = once
    options.showsValues = true
    return options
  }

  typealias Observer = (ValueID, Tensor) throws(ScaleNetError) -> Void

  /// The outputs in float32.
  func floats(_ graph: Graph, _ inputs: [String: Tensor]) throws(ScaleNetError) -> [NamedTensor] {
    search?.add(graph, inDouble: false)
    return try Executor<Float>(graph, kernels: kernels, threads: threads, options: Self.once).run(inputs)
  }

  /// The outputs of each batch in float32.
  func floats(
    _ graph: Graph, batches: [[String: Tensor]]
  ) throws(ScaleNetError) -> [[NamedTensor]] {
    // One batch after another would pack weights as often.
    let options = batches.count > 1 ? ExecutionOptions() : Self.once
    let executor = try Executor<Float>(graph, kernels: kernels, threads: threads, options: options)
    var results: [[NamedTensor]] = []
    for inputs in batches { results.append(try executor.run(inputs)) }
    return results
  }

  /// A run in float32 that goes on as it is asked to.
  func floatRun(_ graph: Graph, _ inputs: [String: Tensor]) throws(ScaleNetError) -> SteppedRun {
    search?.add(graph, inDouble: false)
    var run = try Executor<Float>(graph, kernels: kernels, threads: threads, options: Self.shownOnce)
      .observed(inputs)
    return SteppedRun { () throws(ScaleNetError) in try run.next() }
  }

  /// A run in Double that goes on as it is asked to; values are unrounded.
  func doubleRun(_ graph: Graph, _ inputs: [String: Tensor]) throws(ScaleNetError) -> SteppedRun {
    search?.add(graph, inDouble: true)
    var run = try Executor<Double>(
      graph, kernels: doubleKernels(beside: kernels), threads: threads, options: Self.shownOnce
    ).observed(inputs)
    return SteppedRun { () throws(ScaleNetError) in
      try run.next().map { $0.map { ($0.0, $0.1.cast(to: .float64)) } }
    }
  }

  /// Runs in float32, and shows some values as soon as they exist.
  func floats(
    _ graph: Graph, _ inputs: [String: Tensor], observing wanted: Set<ValueID>, _ observe: Observer
  ) throws(ScaleNetError) {
    search?.add(graph, inDouble: false)
    var run = try Executor<Float>(graph, kernels: kernels, threads: threads, options: Self.shownOnce)
      .observed(inputs, wanted: wanted)
    while let values = try run.next() {
      for (value, tensor) in values { try observe(value, tensor) }
    }
  }

  /// Runs in float32, and shows some values as soon as they exist, block by block. Others may not exist.
  func floats(
    _ graph: Graph, _ inputs: [String: Tensor], inBlocks wanted: Set<ValueID>,
    _ show: (ShownBlock<Float>) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    search?.add(graph, inDouble: false)
    var options = Self.shownOnce
    options.shownInBlocks = wanted
    var run = try Executor<Float>(graph, kernels: kernels, threads: threads, options: options)
      .observed(inputs, wanted: wanted)
    while try run.next(inBlocks: show) {}
  }

  /// The outputs in float32; every value is shown as soon as it exists.
  @discardableResult
  func floats(
    _ graph: Graph, _ inputs: [String: Tensor], observing observe: Observer
  ) throws(ScaleNetError) -> [NamedTensor] {
    search?.add(graph, inDouble: false)
    return try Executor<Float>(graph, kernels: kernels, threads: threads, options: Self.shownOnce).run(
      inputs, observing: observe)
  }

  /// Runs in float32 and gives the largest magnitude of every value of floating-point numbers.
  package func magnitudes(
    _ graph: Graph, _ inputs: [String: Tensor], _ found: (ValueID, Float) -> Void
  ) throws(ScaleNetError) {
    try floats(graph, inputs) { (id, tensor) throws(ScaleNetError) in
      if tensor.dataType.isFloatingPoint { found(id, try tensor.largestMagnitude()) }
    }
  }

  /// The outputs in Double, unrounded.
  func doubles(_ graph: Graph, _ inputs: [String: Tensor]) throws(ScaleNetError) -> [NamedTensor] {
    search?.add(graph, inDouble: true)
    return try Executor<Double>(
      graph, kernels: doubleKernels(beside: kernels), threads: threads, options: Self.once
    ).run(inputs).map(Self.unrounded)
  }

  /// Results have the graph's types; what was computed is still under the view.
  private static func unrounded(_ result: NamedTensor) -> NamedTensor {
    NamedTensor(name: result.name, tensor: result.tensor.cast(to: .float64))
  }
}

extension Tensor {
  /// All elements, row-major; `name` is what an error speaks of. What overflows a half type is infinite.
  func floats(of name: String) throws(ScaleNetError) -> [Float] {
    try floats(from: 0, count: elementCount, of: name)
  }

  /// `count` elements from row-major element `start` on; `name` is what an error speaks of. What overflows a half type is
  /// infinite.
  func floats(from start: Int, count: Int, of name: String) throws(ScaleNetError) -> [Float] {
    do throws(ScaleNetError) {
      let elements = try floats(from: start, count: count)
      try checkIntact()
      return elements
    } catch {
      guard error.overflow?.type == DataType.float16.rawValue else {
        throw .unreadableInput(name: name, error: error)
      }
    }
    do throws(ScaleNetError) {
      return HalfPrecision.rounded(try cast(to: .float32).floats(from: start, count: count))
    } catch {
      throw .unreadableInput(name: name, error: error)
    }
  }

  /// Calls `body` with all elements, block by block, and the place of each block's first; `name` is what an error speaks of.
  func forEachBlock(
    of name: String, _ body: (_ start: Int, _ elements: [Float]) throws(ScaleNetError) -> Void
  ) throws(ScaleNetError) {
    for start in stride(from: 0, to: elementCount, by: Self.blockElements) {
      let count = min(Self.blockElements, elementCount - start)
      try body(start, try floats(from: start, count: count, of: name))
    }
  }

  /// All elements of integers or truth values, row-major, or of numbers all of which are whole; nil of others. `name` is
  /// what an error speaks of.
  func wholeNumbers(of name: String) throws(ScaleNetError) -> [Int128]? {
    if dataType.isFloatingPoint {
      let elements = try doubles(of: name)
      let whole = elements.compactMap { abs($0) < 0x1p100 ? Int128(exactly: $0) : nil }
      return whole.count == elements.count ? whole : nil
    }
    do throws(ScaleNetError) {
      let elements = try integers()
      return dataType == .uint64
        ? elements.map { Int128(UInt64(bitPattern: $0)) } : elements.map { Int128($0) }
    } catch {
      throw .unreadableInput(name: name, error: error)
    }
  }

  /// All elements, row-major; `name` is what an error speaks of.
  func doubles(of name: String) throws(ScaleNetError) -> [Double] {
    do throws(ScaleNetError) { return try doubles() } catch {
      throw .unreadableInput(name: name, error: error)
    }
  }
}

extension Tensor {
  /// `count` elements from row-major element `start` on; `name` is what an error speaks of.
  fileprivate func doubles(from start: Int, count: Int, of name: String) throws(ScaleNetError) -> [Double] {
    do throws(ScaleNetError) {
      return try doubles(from: start, count: count)
    } catch {
      throw .unreadableInput(name: name, error: error)
    }
  }
}

/// The two precisions that a comparison computes in.
protocol DiffScalar: BinaryFloatingPoint {
  /// A run of a graph in this precision.
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor]
  ) throws(ScaleNetError) -> SteppedRun

  /// How far two values of one shape are apart; the names are what errors speak of.
  static func distance(
    _ own: (tensor: Tensor, name: String), _ other: (tensor: Tensor, name: String), _ tolerance: Tolerance
  ) throws(ScaleNetError) -> Distance
}

extension Float: DiffScalar {
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor]
  ) throws(ScaleNetError) -> SteppedRun {
    try engine.floatRun(graph, inputs)
  }

  static func distance(
    _ own: (tensor: Tensor, name: String), _ other: (tensor: Tensor, name: String), _ tolerance: Tolerance
  ) throws(ScaleNetError) -> Distance {
    Distance(try own.tensor.floats(of: own.name), try other.tensor.floats(of: other.name), tolerance)
  }
}

extension Double: DiffScalar {
  static func run(
    _ engine: DiffEngine, _ graph: Graph, _ inputs: [String: Tensor]
  ) throws(ScaleNetError) -> SteppedRun {
    try engine.doubleRun(graph, inputs)
  }

  static func distance(
    _ own: (tensor: Tensor, name: String), _ other: (tensor: Tensor, name: String), _ tolerance: Tolerance
  ) throws(ScaleNetError) -> Distance {
    // A tolerance that follows the largest of all elements needs all at once.
    guard tolerance.isExact, own.tensor.elementCount == other.tensor.elementCount else {
      return Distance(
        try own.tensor.doubles(of: own.name), try other.tensor.doubles(of: other.name), tolerance)
    }
    var result = Distance(tolerance)
    for start in stride(from: 0, to: own.tensor.elementCount, by: Tensor.blockElements) {
      let count = min(Tensor.blockElements, own.tensor.elementCount - start)
      result.add(
        try own.tensor.doubles(from: start, count: count, of: own.name),
        try other.tensor.doubles(from: start, count: count, of: other.name))
    }
    return result
  }
}
