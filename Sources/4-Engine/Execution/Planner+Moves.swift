import FileIO
internal import Kernels
internal import ModelIR

/// Operators that only move elements, and those that mix neighbours along axes.
extension Planner {
  /// Adds a step that fetches each element of the output from `input`.
  mutating func addMove(_ group: FusedNode, _ input: ValueID, at index: Int) {
    let target = write(group.output, at: index)
    let movement = movement(
      group.node.op, input: shapes[input.index], strides: strides(of: input),
      output: shapes[group.output.index], outputStrides: strides(of: group.output))
    steps.append(
      Step(operation: .move(movement), inputs: [place(input)], output: target, value: group.output))
  }

  private func movement(
    _ op: Operator, input: [Int], strides: [Int], output: [Int], outputStrides: [Int]
  ) -> Movement {
    var base = 0
    var fill = 0.0
    var sources = zip(output, strides).map { Movement.Source.strided(count: $0, step: $1) }
    var outputStrides = outputStrides
    switch op {
    case .transpose(let transpose):
      sources = transpose.permutation.enumerated().map { axis, source in
        .strided(count: output[axis], step: strides[source])
      }
    case .slice(let slice):
      for (place, axis) in slice.axes.enumerated() where slice.counts[place] > 0 {
        base += slice.starts[place] * strides[axis]
        sources[axis] = .strided(count: slice.counts[place], step: slice.steps[place] * strides[axis])
      }
    case .gather(let gather):
      let after = gather.axis + gather.indexShape.count
      sources = Array(sources[..<gather.axis])
      sources.append(.table(gather.indices.map { $0 * strides[gather.axis] }))
      sources += zip(output[after...], strides[(gather.axis + 1)...]).map {
        .strided(count: $0, step: $1)
      }
      let step = gather.indexShape.isEmpty ? 1 : outputStrides[after - 1]
      outputStrides.replaceSubrange(gather.axis..<after, with: [step])
    case .expand:
      let added = output.count - input.count
      sources = output.indices.map { axis in
        let repeats = axis < added || (input[axis - added] == 1 && output[axis] != 1)
        return .strided(count: output[axis], step: repeats ? 0 : strides[axis - added])
      }
    case .pad(let pad):
      fill = Double(pad.value)
      for axis in input.indices where pad.pads[axis] != 0 || pad.pads[axis + input.count] != 0 {
        sources[axis] = .table(
          PaddedAxis(pad, axis: axis, extent: input[axis]).indices.map { $0 < 0 ? -1 : $0 * strides[axis] })
      }
    case .resize(let resize):
      for (place, axis) in resize.axes.enumerated() {
        sources[axis] = .table(
          resize.nearestIndices(place, input: input[axis], output: output[axis]).map { $0 * strides[axis] })
      }
    default:
      preconditionFailure("\(op.name) moves no elements")
    }
    return Movement(
      base: base, axes: zip(sources, outputStrides).map { Movement.Axis($0, outputStep: $1) }, fill: fill)
  }

  /// Elements of the largest result between passes, with room to its alignment.
  static func betweenCount(_ passes: [Interpolation]) -> Int {
    ArenaLayout.aligned(passes.dropLast().map { $0.outer * $0.output * $0.inner }.max() ?? 0)
  }

  /// Adds the resampling of some axes, one after the other.
  mutating func addInterpolation(
    _ resize: Resize, _ group: FusedNode, _ input: ValueID, at index: Int
  ) throws(ScaleNetError) {
    var shape = shapes[input.index]
    let output = shapes[group.output.index]
    var passes: [Interpolation] = []
    // What shrinks comes first, so that the others have less to do.
    let order = resize.axes.indices.sorted { left, right in
      let (one, other) = (resize.axes[left], resize.axes[right])
      let ratios = (output[one] * shape[other], output[other] * shape[one])
      return ratios.0 != ratios.1 ? ratios.0 < ratios.1 : left < right
    }
    for place in order {
      let axis = resize.axes[place]
      passes.append(resize.interpolation(place, shape, output: output[axis]))
      shape[axis] = output[axis]
    }
    // Results between the passes lie in two halves of the scratch memory by turns.
    try needWorkspace(2 * Self.betweenCount(passes), group.node)
    add(.interpolate(passes), [input], group.output, at: index)
  }
}
