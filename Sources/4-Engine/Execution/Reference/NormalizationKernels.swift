internal import FileIO
internal import Glibc
internal import ModelIR

/// Real numbers in groups that have a mean and a variance of their own.
private struct Statistics {
  var values: [Double]
  /// One for each group.
  var means: [Double] = []
  var inverseDeviations: [Double] = []

  /// Takes the mean away and divides by the root of variance and `epsilon`.
  init(normalizing values: [Double], _ groups: Groups, epsilon: Double) {
    self.values = values
    for start in groups.starts {
      let count = Double(groups.members.count)
      let mean = groups.members.reduce(0) { $0 + values[start + $1] } / count
      let variance =
        groups.members.reduce(0) { sum, member in
          let distance = values[start + member] - mean
          return sum + distance * distance
        } / count
      let inverse = 1 / (variance + epsilon).squareRoot()
      for member in groups.members {
        self.values[start + member] = (values[start + member] - mean) * inverse
      }
      means.append(mean)
      inverseDeviations.append(inverse)
    }
  }
}

extension TypedTensor {
  /// Real numbers times a factor and plus a term for each channel of [N, C, ...].
  fileprivate func scaled(_ scale: [Double], _ shift: [Double]) -> TypedTensor {
    let area = max(shape.dropFirst(2).reduce(1, *), 1)
    let result = reals.enumerated().map { place, value in
      let channel = place / area % shape[1]
      return value * scale[channel] + shift[channel]
    }
    return TypedTensor(dataType, shape, .real(result))
  }

  /// The real numbers of this tensor, broadcast to `target`.
  fileprivate func broadcastReals(to target: [Int]) -> [Double] {
    let values = reals
    return Places.broadcast(shape, to: target).map { values[$0] }
  }
}

extension BatchNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let (mean, variance) = (arguments(3).reals, arguments(4).reals)
    let scale = zip(arguments(1).reals, variance).map { $0 / ($1 + Double(epsilon)).squareRoot() }
    let offset = arguments(2).reals
    return [arguments(0).scaled(scale, offset.indices.map { offset[$0] - mean[$0] * scale[$0] })]
  }
}

extension TrainingBatchNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let groups = Groups(x.shape, axes: x.shape.indices.filter { $0 != 1 })
    let found = Statistics(normalizing: x.reals, groups, epsilon: Double(epsilon))
    let variances = found.inverseDeviations.map { 1 / ($0 * $0) - Double(epsilon) }
    var results = [
      TypedTensor(x.dataType, x.shape, .real(found.values)).scaled(arguments(1).reals, arguments(2).reals)
    ]
    for (index, current) in [(1, found.means), (2, variances)] where index < outputCount {
      let last = arguments(index + 2)
      let mixed = zip(last.reals, current).map { Double(momentum) * $0 + (1 - Double(momentum)) * $1 }
      results.append(TypedTensor(last.dataType, last.shape, .real(mixed)))
    }
    return results
  }
}

extension InstanceNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let groups = Groups(x.shape, axes: Array(2..<x.rank))
    let found = Statistics(normalizing: x.reals, groups, epsilon: Double(epsilon))
    return [
      TypedTensor(x.dataType, x.shape, .real(found.values)).scaled(arguments(1).reals, arguments(2).reals)
    ]
  }
}

extension GroupNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    let perGroup = x.shape[1] / groups
    let split = [x.shape[0], groups, perGroup] + x.shape.dropFirst(2)
    let found = Statistics(
      normalizing: x.reals, Groups(split, axes: Array(2..<split.count)), epsilon: Double(epsilon))
    func spread(_ values: [Double]) -> [Double] {
      scalesGroups ? (0..<x.shape[1]).map { values[$0 / perGroup] } : values
    }
    return [
      TypedTensor(x.dataType, x.shape, .real(found.values))
        .scaled(spread(arguments(1).reals), spread(arguments(2).reals))
    ]
  }
}

extension LayerNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    var found = Statistics(
      normalizing: x.reals, Groups(x.shape, axes: Array(axis..<x.rank)), epsilon: Double(epsilon))
    let scale = arguments(1).broadcastReals(to: x.shape)
    let shift = arguments.optional(2)?.broadcastReals(to: x.shape)
    for place in found.values.indices {
      found.values[place] = found.values[place] * scale[place] + (shift?[place] ?? 0)
    }
    var results = [TypedTensor(x.dataType, x.shape, .real(found.values))]
    for (index, values) in [(1, found.means), (2, found.inverseDeviations)] where index < outputCount {
      results.append(TypedTensor(arguments.types[index].dataType, arguments.shape(index), .real(values)))
    }
    return results
  }
}

extension RMSNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    var values = x.reals
    let groups = Groups(x.shape, axes: Array(axis..<x.rank))
    for start in groups.starts {
      let squares = groups.members.reduce(0) { $0 + values[start + $1] * values[start + $1] }
      let inverse = 1 / (squares / Double(groups.members.count) + Double(epsilon)).squareRoot()
      for member in groups.members { values[start + member] *= inverse }
    }
    let scale = arguments(1).broadcastReals(to: x.shape)
    return [TypedTensor(x.dataType, x.shape, .real(values.indices.map { values[$0] * scale[$0] }))]
  }
}

extension MeanVarianceNormalization: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let x = arguments(0)
    var values = x.reals
    let groups = Groups(x.shape, axes: axes)
    for start in groups.starts {
      let count = Double(groups.members.count)
      let mean = groups.members.reduce(0) { $0 + values[start + $1] } / count
      let squares = groups.members.reduce(0) { $0 + values[start + $1] * values[start + $1] } / count
      let deviation = max(squares - mean * mean, 0).squareRoot() + 1e-9
      for member in groups.members { values[start + member] = (values[start + member] - mean) / deviation }
    }
    return [TypedTensor(x.dataType, x.shape, .real(values))]
  }
}

extension LRN: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let before = (size - 1) / 2
    return [
      arguments(0).mappingLines(1) { channel in
        channel.indices.map { index in
          let near = max(0, index - before)..<min(channel.count, index - before + size)
          let squares = near.reduce(0) { $0 + channel[$1] * channel[$1] }
          return channel[index] / pow(Double(bias) + Double(alpha) / Double(size) * squares, Double(beta))
        }
      }
    ]
  }
}
