internal import FileIO
internal import Kernels
internal import ModelIR

extension Resize: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, shape) = (arguments(0), arguments.shape())
    if mode == .nearest {
      var selection = x.allIndices
      for (place, axis) in axes.enumerated() {
        selection[axis] = nearestIndices(place, input: x.shape[axis], output: shape[axis])
      }
      return [x.selecting(selection)]
    }
    var values = x.asReals
    var extents = x.shape
    for (place, axis) in axes.enumerated() {
      let pass = interpolation(place, extents, output: shape[axis])
      values = (0..<pass.outer * pass.output * pass.inner).map { target in
        let (outer, rest) = target.quotientAndRemainder(dividingBy: pass.output * pass.inner)
        let (index, inner) = rest.quotientAndRemainder(dividingBy: pass.inner)
        return (pass.starts[index]..<pass.starts[index + 1]).reduce(0) { sum, term in
          sum + pass.weights[term] * values[(outer * pass.input + pass.sources[term]) * pass.inner + inner]
        }
      }
      extents[axis] = shape[axis]
    }
    return [Cast.cast(TypedTensor(.float64, shape, .real(values)), to: x.dataType)]
  }
}

extension DepthToSpace: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let (b, channels) = (blockSize, x.shape[1] / (blockSize * blockSize))
    let (height, width) = (x.shape[2], x.shape[3])
    let blocks: TypedTensor =
      switch mode {
      case .depthColumnRow:
        x.reshaped([x.shape[0], b, b, channels, height, width]).transposed([0, 3, 4, 1, 5, 2])
      case .columnRowDepth:
        x.reshaped([x.shape[0], channels, b, b, height, width]).transposed([0, 1, 4, 2, 5, 3])
      }
    return [blocks.reshaped(arguments.shape())]
  }
}

extension SpaceToDepth: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let b = blockSize
    let split = [x.shape[0], x.shape[1], x.shape[2] / b, b, x.shape[3] / b, b]
    let order = mode == .depthColumnRow ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]
    return [x.reshaped(split).transposed(order).reshaped(arguments.shape())]
  }
}

extension GridSample: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, shape) = (arguments(0), arguments.shape())
    let extents = Array(x.shape.dropFirst(2))
    let (values, grid) = (x.reals, arguments(1).reals)
    let (area, count) = (extents.reduce(1, *), shape.dropFirst(2).reduce(1, *))
    var result = [Double](repeating: 0, count: shape.reduce(1, *))
    for image in 0..<shape[0] {
      for place in 0..<count {
        // Neighbours along each axis, outermost first; the grid has the innermost first.
        let neighbours = extents.indices.map { axis in
          let coordinate = grid[(image * count + place) * extents.count + extents.count - 1 - axis]
          return self.neighbours(coordinate, extent: extents[axis])
        }
        let terms = neighbours.enumerated().reduce([(place: 0, weight: 1.0)]) { terms, axis in
          terms.flatMap { term in
            axis.element.map { (term.place * extents[axis.offset] + $0.index, term.weight * $0.weight) }
          }
        }
        for channel in 0..<shape[1] {
          let source = (image * shape[1] + channel) * area
          result[(image * shape[1] + channel) * count + place] = terms.reduce(0) {
            $0 + values[source + $1.place] * $1.weight
          }
        }
      }
    }
    return [TypedTensor(x.dataType, shape, .real(result))]
  }

  /// The pixels along one axis that a coordinate from -1 to 1 is made of; those outside that count as 0 are left out.
  private func neighbours(_ coordinate: Double, extent: Int) -> [(index: Int, weight: Double)] {
    guard extent > 0, coordinate.isFinite else { return [] }
    let size = Double(extent)
    let edges = alignsCorners ? (0, size - 1) : (-0.5, size - 0.5)
    var position = alignsCorners ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2
    if mode == .nearest { position.round(.toNearestOrEven) }
    if position < edges.0 || position > edges.1 {
      switch padding {
      case .zeros: break
      // A cubic kernel takes each neighbour to the edge by itself.
      case .border: if mode != .cubic { position = min(max(position, 0), size - 1) }
      case .reflection: position = Self.reflected(position, edges.0, edges.1)
      }
    }
    // Farther outside than any kernel reaches, every neighbour is padding.
    position = min(max(position, -8), size + 8)
    func pixel(_ index: Int, _ weight: Double) -> (index: Int, weight: Double)? {
      if (0..<extent).contains(index) { return (index, weight) }
      switch padding {
      case .zeros: return nil
      case .border: return (min(max(index, 0), extent - 1), weight)
      case .reflection:
        return (min(max(Int(Self.reflected(Double(index), edges.0, edges.1)), 0), extent - 1), weight)
      }
    }
    let lower = position.rounded(.down)
    let (first, fraction) = (Int(lower), position - lower)
    switch mode {
    case .nearest: return [pixel(Int(position), 1)].compactMap { $0 }
    case .linear: return [pixel(first, 1 - fraction), pixel(first + 1, fraction)].compactMap { $0 }
    case .cubic:
      return (-1...2).compactMap { pixel(first + $0, Self.cubic(abs(fraction - Double($0)))) }
    }
  }

  /// There and back again between two edges.
  private static func reflected(_ position: Double, _ low: Double, _ high: Double) -> Double {
    let range = high - low
    guard range > 0 else { return low }
    if position < low {
      let distance = low - position
      let turns = (distance / range).rounded(.down)
      let rest = distance - turns * range
      return turns.truncatingRemainder(dividingBy: 2) == 0 ? low + rest : high - rest
    }
    if position > high {
      let distance = position - high
      let turns = (distance / range).rounded(.down)
      let rest = distance - turns * range
      return turns.truncatingRemainder(dividingBy: 2) == 0 ? high - rest : low + rest
    }
    return position
  }

  /// The cubic kernel by Keys with a of -0.75.
  private static func cubic(_ x: Double) -> Double {
    let a = -0.75
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }
}

extension RoiAlign: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (x, shape) = (arguments(0), arguments.shape())
    let (values, rois, images) = (x.reals, arguments(1).reals, arguments(2).integers)
    let (channels, height, width) = (x.shape[1], x.shape[2], x.shape[3])
    guard images.allSatisfy({ (0..<x.shape[0]).contains($0) }) else {
      throw ScaleNetError(place: "input batch_indices", expected: "images of \(x.shape)", found: "\(images)")
    }
    var result: [Double] = []
    result.reserveCapacity(shape.reduce(1, *))
    for region in images.indices {
      let offset = isHalfPixel ? 0.5 : 0
      let corners = (0..<4).map { rois[region * 4 + $0] * Double(spatialScale) - offset }
      let least = isHalfPixel ? -Double.infinity : 1
      let (regionWidth, regionHeight) = (
        max(corners[2] - corners[0], least), max(corners[3] - corners[1], least)
      )
      let rows = try samples(corners[1], regionHeight, cells: outputHeight, extent: height)
      let columns = try samples(corners[0], regionWidth, cells: outputWidth, extent: width)
      for channel in 0..<channels {
        let plane = (images[region] * channels + channel) * height * width
        for row in rows {
          for column in columns {
            result.append(pooled(row, column) { values[plane + $0 * width + $1] })
          }
        }
      }
    }
    return [TypedTensor(x.dataType, shape, .real(result))]
  }

  /// A sample between two pixels along one axis; nil outside of the image.
  private struct Sample {
    let lower: Int
    let upper: Int
    let fraction: Double
  }

  /// The samples of each cell along an axis.
  private func samples(
    _ start: Double, _ size: Double, cells: Int, extent: Int
  ) throws(ScaleNetError) -> [[Sample?]] {
    let cell = size / Double(cells)
    guard start.isFinite, size.isFinite, size < 1_048_576, extent > 0 else {
      throw ScaleNetError(place: "input rois", expected: "regions in range", found: "\(start), \(size)")
    }
    let count = samplingRatio > 0 ? samplingRatio : max(Int(cell.rounded(.up)), 0)
    return (0..<cells).map { index in
      (0..<count).map { sample in
        var position = start + Double(index) * cell + (Double(sample) + 0.5) * cell / Double(count)
        if position < -1 || position > Double(extent) { return nil }
        position = max(position, 0)
        let lower = min(Int(position), extent - 1)
        if lower == extent - 1 { return Sample(lower: lower, upper: lower, fraction: 0) }
        return Sample(lower: lower, upper: lower + 1, fraction: position - Double(lower))
      }
    }
  }

  private func pooled(_ rows: [Sample?], _ columns: [Sample?], _ pixel: (Int, Int) -> Double) -> Double {
    var sum = 0.0
    var most: Double?
    for row in rows {
      for column in columns {
        // A sample outside counts as 0.
        var terms = [0.0, 0, 0, 0]
        if let row, let column {
          terms = [
            (1 - row.fraction) * (1 - column.fraction) * pixel(row.lower, column.lower),
            (1 - row.fraction) * column.fraction * pixel(row.lower, column.upper),
            row.fraction * (1 - column.fraction) * pixel(row.upper, column.lower),
            row.fraction * column.fraction * pixel(row.upper, column.upper),
          ]
        }
        sum += terms.reduce(0, +)
        // As ONNX defines it: the largest of the weighted pixels, not of their sums.
        let largest = terms.reduce(-.infinity, larger)
        most = most.map { larger($0, largest) } ?? largest
      }
    }
    return mode == .avg ? sum / Double(max(rows.count * columns.count, 1)) : most ?? 0
  }
}

extension NonMaxSuppression: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (boxes, scores) = (arguments(0), arguments(1))
    let (corners, values) = (boxes.reals, scores.reals)
    let (images, classes, count) = (scores.shape[0], scores.shape[1], scores.shape[2])
    let most = arguments.optional(2)?.integers.first ?? 0
    let overlap = arguments.optional(3)?.reals.first ?? 0
    let least = arguments.optional(4)?.reals.first
    var found: [Int] = []
    for image in 0..<images {
      let rectangles = (0..<count).map { index in
        let first = (image * count + index) * 4
        return Rectangle(Array(corners[first..<first + 4]), isCenterPoint: isCenterPoint)
      }
      for category in 0..<classes {
        let own = values[(image * classes + category) * count..<(image * classes + category + 1) * count]
        let score = Array(own)
        let order = score.indices.filter { index in least.map { score[index] > $0 } ?? true }
        var chosen: [Int] = []
        for box in order.sorted(by: { score[$0] != score[$1] ? score[$0] > score[$1] : $0 < $1 })
        where chosen.count < most
          && !chosen.contains(where: { rectangles[box].overlaps(rectangles[$0], overlap) })
        {
          chosen.append(box)
        }
        for box in chosen { found += [image, category, box] }
      }
    }
    return [TypedTensor(indices: found, shape: [found.count / 3, 3])]
  }

  private struct Rectangle {
    var low: (Double, Double)
    var high: (Double, Double)

    init(_ numbers: [Double], isCenterPoint: Bool) {
      if isCenterPoint {
        low = (numbers[0] - numbers[2] / 2, numbers[1] - numbers[3] / 2)
        high = (numbers[0] + numbers[2] / 2, numbers[1] + numbers[3] / 2)
      } else {
        low = (min(numbers[0], numbers[2]), min(numbers[1], numbers[3]))
        high = (max(numbers[0], numbers[2]), max(numbers[1], numbers[3]))
      }
    }

    var area: Double { (high.0 - low.0) * (high.1 - low.1) }

    /// Whether the intersection is more than a share of the union.
    func overlaps(_ other: Rectangle, _ share: Double) -> Bool {
      let width = min(high.0, other.high.0) - max(low.0, other.low.0)
      let height = min(high.1, other.high.1) - max(low.1, other.low.1)
      guard width > 0, height > 0, area > 0, other.area > 0 else { return false }
      return width * height / (area + other.area - width * height) > share
    }
  }
}
