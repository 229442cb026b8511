internal import FileIO
internal import Glibc
internal import ModelIR

/// A window on its way over the spatial axes.
struct WindowWalk {
  /// An element of the kernel that lies on the input: its number in the kernel, and the place in a channel.
  struct Tap {
    let kernel: Int
    let place: Int
  }

  let window: ModelIR.Window
  /// Spatial extents.
  let input: [Int]
  let output: [Int]

  var inputCount: Int { input.reduce(1, *) }
  var outputCount: Int { output.reduce(1, *) }
  var kernelCount: Int { window.kernel.reduce(1, *) }

  /// What of the kernel lies on the input when the window stands at an output's place.
  func taps(_ place: Int) -> [Tap] {
    let position = Places.index(of: place, in: output)
    return (0..<kernelCount).compactMap { number in
      let kernel = Places.index(of: number, in: window.kernel)
      var source = 0
      for axis in input.indices {
        let index =
          position[axis] * window.strides[axis] - window.pads[axis] + kernel[axis] * window.dilations[axis]
        guard (0..<input[axis]).contains(index) else { return nil }
        source = source * input[axis] + index
      }
      return Tap(kernel: number, place: source)
    }
  }

  /// How many elements of the kernel lie on the input or its margins: a last window may reach beyond both.
  func countWithMargins(_ place: Int) -> Int {
    let position = Places.index(of: place, in: output)
    return input.indices.reduce(1) { product, axis in
      let first = position[axis] * window.strides[axis] - window.pads[axis]
      let end = input[axis] + window.pads[axis + input.count]
      return product
        * (0..<window.kernel[axis]).count { first + $0 * window.dilations[axis] < end }
    }
  }
}

/// Sums of products under a window, or of what a window spreads.
private struct ConvolutionSum: ElementComputation {
  let walk: WindowWalk
  let batch: Int
  let group: Int
  /// Of all groups together.
  let inputChannels: Int
  let outputChannels: Int
  /// Whether the window stands on the output and spreads the input's elements.
  let isTransposed: Bool

  /// Values are those of X and W.
  func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
    let (x, w) = (values[0], values[1])
    // The walk's output is where the window stands; its input is what lies below it.
    let (standing, lying) = (walk.outputCount, walk.inputCount)
    var result = [Scalar](
      repeating: .zero, count: batch * outputChannels * (isTransposed ? lying : standing))
    let (inputs, outputs) = (inputChannels / group, outputChannels / group)
    for place in 0..<standing {
      let taps = walk.taps(place)
      for image in 0..<batch {
        for output in 0..<outputChannels {
          let first = output / outputs * inputs
          for input in 0..<inputs {
            let source = image * inputChannels + first + input
            let target = image * outputChannels + output
            if isTransposed {
              let value = x[source * standing + place]
              let weights = ((first + input) * outputs + output % outputs) * walk.kernelCount
              for tap in taps {
                let index = target * lying + tap.place
                result[index] = result[index].plus(value.times(w[weights + tap.kernel]))
              }
            } else {
              let weights = (output * inputs + input) * walk.kernelCount
              var sum = result[target * standing + place]
              for tap in taps {
                sum = sum.plus(x[source * lying + tap.place].times(w[weights + tap.kernel]))
              }
              result[target * standing + place] = sum
            }
          }
        }
      }
    }
    return result
  }

  /// The sums for X and W, whose elements are of one carrier.
  static func convolve(
    _ x: TypedTensor, _ w: TypedTensor, _ window: ModelIR.Window, _ group: Int, to shape: [Int]
  ) -> TypedTensor.Elements {
    ConvolutionSum(
      walk: WindowWalk(
        window: window, input: Array(x.shape.dropFirst(2)), output: Array(shape.dropFirst(2))),
      batch: x.shape[0], group: group, inputChannels: x.shape[1], outputChannels: shape[1],
      isTransposed: false
    ).elements([x, w])
  }
}

extension TypedTensor {
  /// Real numbers with one term for each channel of [N, C, ...] added.
  fileprivate func adding(_ bias: TypedTensor?) -> TypedTensor {
    guard let bias else { return self }
    let terms = bias.reals
    let area = shape.dropFirst(2).reduce(1, *)
    return TypedTensor(
      dataType, shape,
      .real(reals.enumerated().map { $0.element + terms[$0.offset / max(area, 1) % shape[1]] }))
  }

  /// Integers less their zero point, a scalar or one for each index of an axis.
  func without(_ zero: TypedTensor?, axis: Int, _ name: String) throws(ScaleNetError) -> TypedTensor {
    guard let zero, case .integer(let values) = elements else { return self }
    let zeros = zero.integers.map { Int64($0) }
    guard zeros.count == 1 || zeros.count == shape[axis] else {
      throw ScaleNetError(
        place: "input \(name)", expected: "1 or \(shape[axis]) numbers", found: "\(zeros.count)")
    }
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    return TypedTensor(
      dataType, shape,
      .integer(
        values.enumerated().map {
          $0.element &- (zeros.count == 1 ? zeros[0] : zeros[$0.offset / max(inner, 1) % shape[axis]])
        }))
  }
}

extension Conv: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, w, shape) = (arguments(0), arguments(1), arguments.shape())
    let sums = ConvolutionSum.convolve(x, w, window, group, to: shape)
    return [TypedTensor(x.dataType, shape, sums).adding(arguments.optional(2))]
  }
}

extension ConvInteger: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = try arguments(0).without(arguments.optional(2), axis: 0, "x_zero_point")
    let w = try arguments(1).without(arguments.optional(3), axis: 0, "w_zero_point")
    let shape = arguments.shape()
    return [TypedTensor(.int32, shape, ConvolutionSum.convolve(x, w, window, group, to: shape))]
  }
}

extension QLinearConv: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = try arguments(0).without(arguments.optional(2), axis: 0, "x_zero_point")
    let w = try arguments(3).without(arguments.optional(5), axis: 0, "w_zero_point")
    let shape = arguments.shape()
    var sums = TypedTensor(.int32, shape, ConvolutionSum.convolve(x, w, window, group, to: shape)).asReals
    let area = shape.dropFirst(2).reduce(1, *)
    let (xScale, wScales) = (try arguments(1).onlyReal("x_scale"), arguments(4).reals)
    let yScale = try arguments(6).onlyReal("y_scale")
    guard wScales.count == 1 || wScales.count == shape[1] else {
      throw ScaleNetError(
        place: "input w_scale", expected: "1 or \(shape[1]) numbers", found: "\(wScales.count)")
    }
    let biases = arguments.optional(8)?.asReals
    for place in sums.indices {
      let channel = place / area % shape[1]
      let scale = wScales.count == 1 ? wScales[0] : wScales[channel]
      sums[place] = (sums[place] + (biases?[channel] ?? 0)) * Double(Float(xScale * scale / yScale))
    }
    return [QuantizeLinear.quantized(sums, shape, zero: arguments(7))]
  }
}

extension ConvTranspose: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, w, shape) = (arguments(0), arguments(1), arguments.shape())
    let sum = ConvolutionSum(
      walk: WindowWalk(
        window: window, input: Array(shape.dropFirst(2)), output: Array(x.shape.dropFirst(2))),
      batch: x.shape[0], group: group, inputChannels: x.shape[1], outputChannels: shape[1],
      isTransposed: true)
    return [TypedTensor(x.dataType, shape, sum.elements([x, w])).adding(arguments.optional(2))]
  }
}

// MARK: - Pools

extension MaxPool: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, shape) = (arguments(0), arguments.shape())
    let walk = WindowWalk(
      window: window, input: Array(x.shape.dropFirst(2)), output: Array(shape.dropFirst(2)))
    let places = Search(walk: walk, channels: shape[0] * shape[1]).places(x)
    // A window that lies on margins alone has no largest element.
    let lowest = ScalarValue(x.dataType, real: -.infinity)
    let y = x.gathered(places, shape: shape, fill: lowest)
    guard givesIndices else { return [y] }
    let indices = countsColumnMajor ? places.map { Self.columnMajor($0, x.shape) } : places
    return [y, TypedTensor(indices: indices, shape: shape)]
  }

  /// The place counted along the first spatial axis first.
  private static func columnMajor(_ place: Int, _ shape: [Int]) -> Int {
    let spatial = Array(shape.dropFirst(2))
    let area = spatial.reduce(1, *)
    guard place >= 0, area > 0 else { return place }
    let index = Places.index(of: place % area, in: spatial)
    var result = 0
    for axis in spatial.indices.reversed() { result = result * spatial[axis] + index[axis] }
    return place / area * area + result
  }

  private struct Search: PlaceComputation {
    let walk: WindowWalk
    let channels: Int

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [Scalar]) -> [Int] {
      let (area, count) = (walk.inputCount, walk.outputCount)
      var result = [Int](repeating: -1, count: channels * count)
      for place in 0..<count {
        let taps = walk.taps(place)
        for channel in 0..<channels {
          var best = -1
          for tap in taps {
            let candidate = channel * area + tap.place
            if best < 0 || values[candidate] > values[best]
              || (values[candidate].isUndefined && !values[best].isUndefined)
            {
              best = candidate
            }
          }
          result[channel * count + place] = best
        }
      }
      return result
    }
  }
}

extension AveragePool: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [
      arguments(0).pooled(window, to: arguments.shape()) { values, walk, place in
        let count = countIncludePad ? walk.countWithMargins(place) : values.count
        return values.reduce(0, +) / Double(count)
      }
    ]
  }
}

extension LpPool: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [arguments(0).pooled(window, to: arguments.shape()) { values, _, _ in Self.norm(values, p) }]
  }

  static func norm(_ values: [Double], _ p: Int) -> Double {
    pow(values.reduce(0) { $0 + pow(abs($1), Double(p)) }, 1 / Double(p))
  }
}

extension GlobalPool: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let values = x.reals
    let area = x.shape.dropFirst(2).reduce(1, *)
    guard area > 0 else {
      throw ScaleNetError(place: "input X", expected: "at least one element", found: "\(x.shape)")
    }
    let result = (0..<x.shape[0] * x.shape[1]).map { channel in
      let own = values[channel * area..<(channel + 1) * area]
      return switch self {
      case .average: own.reduce(0, +) / Double(area)
      case .max: own.reduce(-.infinity, larger)
      case .lp(let p): LpPool.norm(Array(own), p)
      }
    }
    return [TypedTensor(x.dataType, arguments.shape(), .real(result))]
  }
}

extension MaxUnpool: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, shape) = (arguments(0), arguments.shape())
    // Positions count through the output that the window gives; a larger one keeps each index along each axis.
    let natural = try? MaxUnpool(window: window).inferTypes([
      TensorType(x.dataType, x.shape.map(Dimension.fixed)),
      TensorType(.int64, x.shape.map(Dimension.fixed)),
    ])[0].dimensions.compactMap(\.value)
    let counted = natural ?? shape
    var result = TypedTensor.zeros(x.dataType, shape: shape).reals
    let strides = Places.strides(shape)
    for (value, position) in zip(x.reals, arguments(1).integers) {
      guard (0..<counted.reduce(1, *)).contains(position) else {
        throw ScaleNetError(place: "input I", expected: "positions of \(counted)", found: "\(position)")
      }
      let index = Places.index(of: position, in: counted)
      guard zip(index, shape).allSatisfy({ $0 < $1 }) else {
        throw ScaleNetError(place: "input I", expected: "positions within \(shape)", found: "\(index)")
      }
      result[zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }] = value
    }
    return [TypedTensor(x.dataType, shape, .real(result))]
  }
}

extension TypedTensor {
  /// Real numbers of [N, C, ...] made one by one of those under a window.
  fileprivate func pooled(
    _ window: ModelIR.Window, to shape: [Int], _ body: ([Double], WindowWalk, Int) -> Double
  ) -> TypedTensor {
    let values = reals
    let walk = WindowWalk(
      window: window, input: Array(self.shape.dropFirst(2)), output: Array(shape.dropFirst(2)))
    let (area, count) = (walk.inputCount, walk.outputCount)
    var result = [Double](repeating: 0, count: shape.reduce(1, *))
    for place in 0..<count {
      let taps = walk.taps(place)
      for channel in 0..<shape[0] * shape[1] {
        result[channel * count + place] = body(
          taps.map { values[channel * area + $0.place] }, walk, place)
      }
    }
    return TypedTensor(dataType, shape, .real(result))
  }
}
