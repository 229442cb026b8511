import FileIO
import ModelIR
import Testing

/// Shape rules of what exported networks use besides layers. Expected extents are NumPy's and ONNX's.
@Suite struct ExportedOperatorTests {
  private let batch = Dimension.symbolic("n")

  private func infer(_ op: Operator, _ dimensions: [Dimension]...) throws -> [Dimension] {
    try op.kind.inferTypes(dimensions.map { TensorType(.float32, $0) })[0].dimensions
  }

  @Test func openExtentsSurvive() throws {
    let x: [Dimension] = [batch, 4, 6, 5]
    #expect(try infer(.transpose(Transpose(permutation: [0, 2, 3, 1])), x) == [batch, 6, 5, 4])
    #expect(try infer(.transpose(Transpose(permutation: [3, 1, 0, 2])), x) == [5, 4, batch, 6])
    let slice = Slice(axes: [3, 1], starts: [4, 1], steps: [-2, 1], counts: [3, 2])
    #expect(try infer(.slice(slice), x) == [batch, 2, 6, 3])
    let gather = Gather(axis: 2, indices: [0, 5, 5, 1, 2, 3], indexShape: [2, 3])
    #expect(try infer(.gather(gather), x) == [batch, 4, 2, 3, 5])
    #expect(try infer(.gather(Gather(axis: 1, indices: [3], indexShape: [])), x) == [batch, 6, 5])
    #expect(try infer(.expand(Expand(shape: [4, 1, 5])), x) == x)
    #expect(try infer(.expand(Expand(shape: [7, 1, 4])), [batch, 1]) == [7, batch, 4])
    // An open extent is 1 or the other's when the graph runs; else the run fails.
    #expect(try infer(.expand(Expand(shape: [2, 4])), [batch, 4]) == [2, 4])
    #expect(try infer(.reduce(Reduce(.mean, axes: [2, 3])), x) == [batch, 4, 1, 1])
    #expect(try infer(.reduce(Reduce(.mean, axes: [1, 2], keepsAxes: false)), x) == [batch, 5])
    #expect(try infer(.reduce(Reduce(.mean, axes: [0], keepsAxes: false)), x) == [4, 6, 5])
    let pad = Pad(pads: [0, 1, -2, 0, 0, 2, 1, -5], value: 1)
    #expect(try infer(.pad(pad), x) == [batch, 7, 5, 0])
    #expect(try infer(.lrn(LRN(size: 5)), x) == x)
    #expect(try infer(.globalPool(.max), x) == [batch, 4, 1, 1])
    #expect(try infer(.binary(.pRelu), x, [4, 1, 1]) == x)
    #expect(try infer(.binary(.div), [5], x) == x)
  }

  @Test func multipliesAsNumPy() throws {
    let op = Operator.matMul(MatMul())
    #expect(try infer(op, [batch, 3, 4, 7], [7, 5]) == [batch, 3, 4, 5])
    #expect(try infer(op, [batch, 1, 4, 7], [3, 7, 5]) == [batch, 3, 4, 5])
    #expect(try infer(op, [7], [7]) == [])
    #expect(try infer(op, [7], [2, 7, 5]) == [2, 5])
    #expect(try infer(op, [batch, 7], [7]) == [batch])
    // 2 * 3 * 4 * 5 elements of 7 products each
    #expect(MatMul().cost(inputs: [[2, 3, 4, 7], [7, 5]], outputs: [[2, 3, 4, 5]]).macs == 840)
    for (left, right) in [([3, 4], [5, 4]), ([], [4]), ([2, 3, 4], [3, 4, 5])] {
      #expect(throws: ScaleNetError.self, "\(left) times \(right)") {
        try infer(op, left.map { .fixed($0) }, right.map { .fixed($0) })
      }
    }
  }

  @Test func resizesAnyAxes() throws {
    let op = Resize(
      mode: .cubic, coordinateTransformation: .halfPixelSymmetric, axes: [0, 2], extent: .sizes([3, 9]))
    #expect(try infer(.resize(op), [batch, 4, 6]) == [3, 4, 9])
    #expect(throws: ScaleNetError.self) { try infer(.resize(op), [batch, 4, 0]) }
    var hostile = op
    hostile.cubicCoefficient = .nan
    #expect(throws: ScaleNetError.self) { try infer(.resize(hostile), [2, 4, 6]) }
    hostile = op
    hostile.extent = .scales([1, 65536])
    #expect(throws: ScaleNetError.self) { try infer(.resize(hostile), [2, 4, .fixed(1 << 50)]) }
  }

  static let hostile: [Operator] = [
    .transpose(Transpose(permutation: [0, 1, 1, 3])), .transpose(Transpose(permutation: [0, 1, 2])),
    .transpose(Transpose(permutation: [0, 1, 2, .min])),
    .slice(Slice(axes: [1], starts: [1], steps: [.max], counts: [3])),
    .slice(Slice(axes: [1], starts: [0], steps: [.min], counts: [2])),
    .slice(Slice(axes: [1], starts: [.max], steps: [1], counts: [2])),
    .slice(Slice(axes: [1], starts: [0], steps: [0], counts: [1])),
    .slice(Slice(axes: [1], starts: [0], steps: [1], counts: [-1])),
    .slice(Slice(axes: [1], starts: [0], steps: [1], counts: [5])),
    .slice(Slice(axes: [1], starts: [-1], steps: [1], counts: [1])),
    .slice(Slice(axes: [1, 1], starts: [0, 0], steps: [1, 1], counts: [1, 1])),
    .slice(Slice(axes: [4], starts: [0], steps: [1], counts: [1])),
    .slice(Slice(axes: [1], starts: [], steps: [1], counts: [1])),
    .slice(Slice(axes: [0], starts: [0], steps: [1], counts: [1])),
    .gather(Gather(axis: 1, indices: [4], indexShape: [1])),
    .gather(Gather(axis: 1, indices: [-1], indexShape: [1])),
    .gather(Gather(axis: -1, indices: [0], indexShape: [1])),
    .gather(Gather(axis: 0, indices: [0], indexShape: [1])),
    .gather(Gather(axis: 1, indices: [0], indexShape: [.max, .max])),
    .gather(Gather(axis: 1, indices: [0], indexShape: [-1])),
    .expand(Expand(shape: [2, 4, 6, 4])), .expand(Expand(shape: [.max, 1, 1, 1, 1])),
    .expand(Expand(shape: [-1])), .expand(Expand(shape: [3])),
    .reduce(Reduce(.mean, axes: [3, 2])), .reduce(Reduce(.mean, axes: [4])),
    .reduce(Reduce(.mean, axes: [.min])),
    .pad(Pad(pads: [0, 0, 0, 0])), .pad(Pad(pads: [0, 0, 0, .max, 0, 0, 0, .max])),
    .pad(Pad(pads: [0, 0, .min, 0, 0, 0, 0, 0])), .pad(Pad(pads: [1, 0, 0, 0, 0, 0, 0, 0])),
    .pad(Pad(pads: [0, 0, -4, 0, 0, 0, -3, 0])),
    .pad(Pad(pads: [0, 0, -6, 0, 0, 0, 1, 0], mode: .reflect)),
    .lrn(LRN(size: 0)), .lrn(LRN(size: .max)),
  ]

  @Test(arguments: hostile)
  func refusesAndNeverTraps(_ op: Operator) {
    #expect(throws: ScaleNetError.self) { try infer(op, [batch, 4, 6, 5]) }
  }

  @Test func slopesAreBroadcastOneWay() {
    #expect(throws: ScaleNetError.self) { try infer(.binary(.pRelu), [4, 1], [4, 5]) }
    #expect(throws: ScaleNetError.self) { try infer(.binary(.pRelu), [4], [1, 4]) }
    #expect(throws: ScaleNetError.self) {
      try MatMul().inferTypes([TensorType(.float32, [2, 3]), TensorType(.float64, [3, 2])])
    }
  }

  @Test func marginsAreThoseOfImages() {
    #expect(Pad(margins: [1, 2, 3, 4]).pads == [0, 0, 1, 2, 0, 0, 3, 4])
    #expect(Pad(margins: [1, 2, 3, 4]).margins == [1, 2, 3, 4])
    #expect(Pad(pads: [0, 1, 1, 2, 0, 0, 3, 4]).margins == nil)
    #expect(Pad(pads: [0, 0, -1, 2, 0, 0, 3, 4]).margins == nil)
    #expect(Pad(pads: [0, 0, 1, 2, 0, 0, 3, 4], mode: .edge).margins == nil)
  }
}
