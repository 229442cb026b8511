internal import FileIO
internal import ModelIR

extension TypedTensor {
  /// Positions along an axis, counted from its end where they are negative. Fails for positions beyond it.
  fileprivate func positions(_ extent: Int, _ name: String = "indices") throws(ScaleNetError) -> [Int] {
    let integers = self.integers
    if let outside = integers.first(where: { !(-extent..<extent).contains($0) }) {
      throw ScaleNetError(
        place: "input \(name)", expected: "positions from \(-extent) to \(extent - 1)", found: "\(outside)")
    }
    return integers.map { $0 < 0 ? $0 + extent : $0 }
  }

  /// The places of parts of `data` that index vectors in the last axis tell: for each vector, the first place. The
  /// vectors begin at axis `batchAxes` of `data`.
  fileprivate func parts(of data: [Int], batchAxes: Int = 0) throws(ScaleNetError) -> [Int] {
    let depth = shape[rank - 1]
    let strides = Places.strides(data)
    let numbers = integers
    let vectors = shape.dropLast().reduce(1, *)
    let perBatch = max(shape[batchAxes..<(rank - 1)].reduce(1, *), 1)
    let batchSize = data[batchAxes...].reduce(1, *)
    var places: [Int] = []
    for vector in 0..<vectors {
      var place = vector / perBatch * batchSize
      for part in 0..<depth {
        let (extent, index) = (data[batchAxes + part], numbers[vector * depth + part])
        guard (-extent..<extent).contains(index) else {
          throw ScaleNetError(
            place: "input indices", expected: "positions from \(-extent) to \(extent - 1)", found: "\(index)")
        }
        place += (index < 0 ? index + extent : index) * strides[batchAxes + part]
      }
      places.append(place)
    }
    return places
  }
}

extension Gather: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    var selection = x.allIndices
    selection[axis] = indices
    return [x.selecting(selection).reshaped(arguments.shape())]
  }
}

extension GatherElements: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, indices) = (arguments(0), arguments(1))
    return [x.gathered(try indices.elementPlaces(in: x.shape, axis: axis), shape: indices.shape)]
  }
}

extension TypedTensor {
  /// For each index, the place in data of `shape` that it tells along an axis; along the others it is its own.
  fileprivate func elementPlaces(in shape: [Int], axis: Int) throws(ScaleNetError) -> [Int] {
    let positions = try positions(shape[axis])
    var strides = Places.strides(shape)
    let step = strides[axis]
    strides[axis] = 0
    return zip(Places.all(self.shape, strides: strides), positions).map { $0 + $1 * step }
  }
}

extension GatherND: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, indices) = (arguments(0), arguments(1))
    let size = x.shape[(batchAxes + indices.shape[indices.rank - 1])...].reduce(1, *)
    let places = try indices.parts(of: x.shape, batchAxes: batchAxes).flatMap { $0..<$0 + size }
    return [x.gathered(places, shape: arguments.shape())]
  }
}

/// Elements that are put among others.
private struct Scattering: ElementComputation {
  let reduction: ScatterReduction
  /// Where each update goes.
  let places: [Int]

  /// Values are those of data and updates.
  func callAsFunction<Scalar: ReferenceScalar>(_ values: [[Scalar]]) -> [Scalar] {
    var result = values[0]
    for (place, update) in zip(places, values[1]) {
      result[place] =
        switch reduction {
        case .none: update
        case .add: result[place].plus(update)
        case .mul: result[place].times(update)
        case .max: larger(result[place], update)
        case .min: smaller(result[place], update)
        }
    }
    return result
  }
}

extension ScatterElements: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, indices, updates) = (arguments(0), arguments(1), arguments(2))
    let places = try indices.elementPlaces(in: x.shape, axis: axis)
    return [
      TypedTensor(
        x.dataType, x.shape, Scattering(reduction: reduction, places: places).elements([x, updates]))
    ]
  }
}

extension ScatterND: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, indices, updates) = (arguments(0), arguments(1), arguments(2))
    let size = x.shape[indices.shape[indices.rank - 1]...].reduce(1, *)
    let places = try indices.parts(of: x.shape).flatMap { $0..<$0 + size }
    return [
      TypedTensor(
        x.dataType, x.shape, Scattering(reduction: reduction, places: places).elements([x, updates]))
    ]
  }
}

extension OneHot: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let indices = arguments(0)
    // Indices beyond the depth are nowhere.
    let numbers = indices.integers.map { $0 < 0 ? $0 &+ depth : $0 }
    let lines = Lines(arguments.shape(), axis: axis)
    let places = (0..<lines.outer * lines.count * lines.inner).map { place in
      let own = place / (lines.count * lines.inner) * lines.inner + place % lines.inner
      return numbers[own] == place / lines.inner % lines.count ? 1 : 0
    }
    return [arguments(1).gathered(places, shape: arguments.shape())]
  }
}

extension NonZero: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let found = Search().places(x).map { Places.index(of: $0, in: x.shape) }
    let indices = (0..<x.rank).flatMap { axis in found.map { $0[axis] } }
    return [TypedTensor(indices: indices, shape: [x.rank, found.count])]
  }

  private struct Search: PlaceComputation {
    func callAsFunction<Scalar: ReferenceScalar>(_ values: [Scalar]) -> [Int] {
      values.indices.filter { values[$0] != .zero }
    }
  }
}

extension Compress: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let truths = arguments(1).integers
    let extent = axis.map { x.shape[$0] } ?? x.count
    guard truths.count <= extent else {
      throw ScaleNetError(
        place: "input condition", expected: "at most \(extent) booleans", found: "\(truths.count)")
    }
    let chosen = truths.indices.filter { truths[$0] != 0 }
    guard let axis else { return [x.gathered(chosen, shape: [chosen.count])] }
    var selection = x.allIndices
    selection[axis] = chosen
    return [x.selecting(selection)]
  }
}

extension Unique: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    // Slices along the axis, as places in `x`; single elements without one.
    let line = axis.map { Lines(x.shape, axis: $0) }
    let slices = (0..<(line?.count ?? x.count)).map { index in
      guard let line else { return [index] }
      return (0..<line.outer).flatMap { outer in
        let first = (outer * line.count + index) * line.inner
        return first..<first + line.inner
      }
    }
    // Slice numbers in ascending order of their elements; equal ones stand together, the first of them first.
    let order = Order(slices: slices).places(x)
    var firsts: [Int] = []
    var inverse = [Int](repeating: 0, count: slices.count)
    var counts: [Int] = []
    for (rank, slice) in order.enumerated() {
      if rank == 0 || !Equality(left: slices[order[rank - 1]], right: slices[slice]).places(x).isEmpty {
        firsts.append(slice)
        counts.append(0)
      }
      inverse[slice] = firsts.count - 1
      counts[counts.count - 1] += 1
    }
    if !isSorted {
      let ranks = firsts.indices.sorted { firsts[$0] < firsts[$1] }
      var position = [Int](repeating: 0, count: ranks.count)
      for (new, old) in ranks.enumerated() { position[old] = new }
      firsts = ranks.map { firsts[$0] }
      counts = ranks.map { counts[$0] }
      inverse = inverse.map { position[$0] }
    }
    let y: TypedTensor
    if let axis {
      var selection = x.allIndices
      selection[axis] = firsts
      y = x.selecting(selection)
    } else {
      y = x.gathered(firsts, shape: [firsts.count])
    }
    let lists = [firsts, inverse, counts].map { TypedTensor(indices: $0, shape: [$0.count]) }
    return [y] + lists.prefix(outputCount - 1)
  }

  /// The numbers of slices in ascending order.
  private struct Order: PlaceComputation {
    let slices: [[Int]]

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [Scalar]) -> [Int] {
      slices.indices.sorted { left, right in
        for (a, b) in zip(slices[left], slices[right]) where values[a] != values[b] {
          return values[a] < values[b]
        }
        return left < right
      }
    }
  }

  /// The places at which two slices differ.
  private struct Equality: PlaceComputation {
    let left: [Int]
    let right: [Int]

    func callAsFunction<Scalar: ReferenceScalar>(_ values: [Scalar]) -> [Int] {
      zip(left, right).filter { values[$0] != values[$1] }.map { $0.0 }
    }
  }
}
