internal import FileIO
internal import ModelIR

// Operators that only give elements another place: each makes a list of the places where its elements come from.

extension Flatten: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [arguments(0).reshaped(arguments.shape())]
  }
}

extension Reshape: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [arguments(0).reshaped(arguments.shape())]
  }
}

extension Squeeze: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [arguments(0).reshaped(arguments.shape())]
  }
}

extension Unsqueeze: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [arguments(0).reshaped(arguments.shape())]
  }
}

extension Expand: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, shape) = (arguments(0), arguments.shape())
    return [x.gathered(Places.broadcast(x.shape, to: shape), shape: shape)]
  }
}

extension Transpose: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [arguments(0).transposed(permutation)]
  }
}

extension TypedTensor {
  /// The elements whose index along axis i is in `indices[i]`, in that order; negative ones are filled.
  func selecting(_ indices: [[Int]], fill: ScalarValue? = nil) -> TypedTensor {
    let terms = zip(indices, Places.strides(shape)).map { indices, stride in
      indices.map { $0 < 0 ? -1 : $0 * stride }
    }
    return gathered(Places.combined(terms), shape: indices.map(\.count), fill: fill)
  }

  /// All indices along each axis.
  var allIndices: [[Int]] { shape.map { Array(0..<$0) } }
}

extension Tile: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    return [
      x.selecting(zip(x.shape, arguments.shape()).map { extent, tiled in (0..<tiled).map { $0 % extent } })
    ]
  }
}

extension Concat: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let tensors = arguments.inputs.indices.map { arguments($0) }
    let shape = arguments.shape()
    let outer = shape[..<axis].reduce(1, *)
    var starts = [0]
    for tensor in tensors { starts.append(starts[starts.count - 1] + tensor.count) }
    // Each input has `run` elements for each index before the axis.
    var places: [Int] = []
    places.reserveCapacity(shape.reduce(1, *))
    for index in 0..<outer {
      for (tensor, start) in zip(tensors, starts) {
        let run = tensor.count / outer
        places += start + index * run..<start + (index + 1) * run
      }
    }
    let all = tensors.dropFirst().reduce(tensors[0].elements) { $0 + $1.elements }
    return [TypedTensor(tensors[0].dataType, [all.count], all).gathered(places, shape: shape)]
  }
}

extension Slice: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    var indices = x.allIndices
    for (place, axis) in axes.enumerated() {
      indices[axis] = (0..<counts[place]).map { starts[place] + $0 * steps[place] }
    }
    return [x.selecting(indices)]
  }
}

extension Pad: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    var fill = ScalarValue(.float64, real: Double(value))
    fill.integer = Int64(clampingReal: Double(value))
    return [padded(arguments(0), with: fill)]
  }

  /// The elements with a value around them.
  func padded(_ x: TypedTensor, with fill: ScalarValue) -> TypedTensor {
    x.selecting(
      x.shape.indices.map { axis in PaddedAxis(self, axis: axis, extent: x.shape[axis]).indices }, fill: fill)
  }
}

extension Shape: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [TypedTensor(indices: Array(arguments(0).shape[axes]), shape: [axes.count])]
  }
}

extension Size: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    [TypedTensor(indices: [arguments(0).count], shape: [])]
  }
}

extension Trilu: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    let places = (0..<x.count).map { place in
      let (row, column) = (place / columns % rows, place % columns)
      let distance = column - row
      return (isUpper ? distance >= diagonal : distance <= diagonal) ? place : -1
    }
    return [x.gathered(places, shape: x.shape)]
  }
}

extension EyeLike: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let shape = arguments(0).shape
    let ones = (0..<shape[0] * shape[1]).map { place in
      Int64(place % shape[1] - place / shape[1] == diagonal ? 1 : 0)
    }
    return [Cast.cast(TypedTensor(.int64, shape, .integer(ones)), to: dataType)]
  }
}

extension ReverseSequence: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let lengths = arguments(1).integers
    guard lengths.allSatisfy({ (0...x.shape[timeAxis]).contains($0) }) else {
      throw ScaleNetError(
        place: "input sequence_lens", expected: "0 to \(x.shape[timeAxis])", found: "\(lengths)")
    }
    let strides = Places.strides(x.shape)
    let places = (0..<x.count).map { place in
      let time = place / strides[timeAxis] % x.shape[timeAxis]
      let length = lengths[place / strides[batchAxis] % x.shape[batchAxis]]
      return time < length ? place + (length - 1 - 2 * time) * strides[timeAxis] : place
    }
    return [x.gathered(places, shape: x.shape)]
  }
}
