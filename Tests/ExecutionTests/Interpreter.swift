import Kernels
import ModelIR
import Testing

/// Computes a graph node by node, in Double and in memory of its own for every value: what plans are compared with.
struct Interpreter {
  private let kernels = ReferenceKernels<Double>()
  private let pool = ThreadPool(count: 1)

  /// The elements of a value, in its shape.
  struct Array {
    var shape: [Int]
    var elements: [Double]

    subscript(index: [Int]) -> Double {
      elements[zip(shape, index).reduce(0) { $0 * $1.0 + $1.1 }]
    }

    /// The element that meets `index` of a larger shape.
    func broadcast(_ index: [Int]) -> Double {
      self[zip(shape, index.suffix(shape.count)).map { $0 == 1 ? 0 : $1 }]
    }
  }

  /// Every value of the graph, row-major.
  func run(_ graph: Graph, input: Tensor) throws -> [ValueID: [Double]] {
    var values: [ValueID: Array] = [:]
    for id in graph.valueIDs {
      if let tensor = graph[id].initializer {
        values[id] = Array(shape: tensor.shape.dimensions, elements: try tensor.doubles())
      }
    }
    values[graph.inputs[0]] = Array(shape: input.shape.dimensions, elements: try input.doubles())
    for node in graph.nodes {
      let shape = graph[node.outputs[0]].type.dimensions.compactMap(\.value)
      values[node.outputs[0]] = try compute(node, node.inputs.map { $0.flatMap { values[$0] } }, shape)
    }
    return values.mapValues(\.elements)
  }

  private func compute(_ node: Node, _ optional: [Array?], _ shape: [Int]) throws -> Array {
    let inputs = optional.compactMap { $0 }
    let x = try #require(inputs.first)
    var result = Array(shape: shape, elements: [Double](repeating: .nan, count: shape.reduce(1, *)))
    /// Calls a kernel that maps images to images.
    func map(_ body: (FeatureMap<Double>, FeatureMap<Double>) -> Void) {
      func images(_ elements: UnsafeMutablePointer<Double>, _ shape: [Int]) -> FeatureMap<Double> {
        let extents = shape.count == 4 ? shape : [1, 1, 1, shape.reduce(1, *)]
        return unsafe FeatureMap(
          elements, batch: extents[0], channels: extents[1], extent: Extent(extents[2], extents[3]))
      }
      var elements = x.elements
      unsafe elements.withUnsafeMutableBufferPointer { source in
        unsafe result.elements.withUnsafeMutableBufferPointer { target in
          unsafe body(images(source.baseAddress!, x.shape), images(target.baseAddress!, shape))
        }
      }
    }
    switch node.op {
    case .conv(let conv):
      let geometry = Convolution(
        window: window(conv.window), inputChannels: x.shape[1], outputChannels: shape[1], groups: conv.group,
        batch: x.shape[0], input: Extent(x.shape[2], x.shape[3]))
      let prepared = unsafe kernels.convolution(
        geometry, weights: inputs[1].elements, bias: inputs.count > 2 ? inputs[2].elements : nil)
      unsafe map {
        unsafe prepared.run(
          $0, into: $1, residual: nil, appliesReLU: false, workspace: $1.elements, threads: pool)
      }
    case .batchNormalization(let normalization):
      let scale = zip(inputs[1].elements, inputs[4].elements).map {
        $0 / ($1 + Double(normalization.epsilon)).squareRoot()
      }
      let shift = scale.indices.map { inputs[2].elements[$0] - inputs[3].elements[$0] * scale[$0] }
      unsafe map {
        unsafe kernels.scaleAndShift(
          $0, scale: scale, shift: shift, appliesReLU: false, into: $1, threads: pool)
      }
    case .unary(.relu): unsafe map { unsafe kernels.apply(.relu, $0, into: $1, threads: pool) }
    case .unary(.sigmoid): unsafe map { unsafe kernels.apply(.sigmoid, $0, into: $1, threads: pool) }
    case .unary(.clip(let minimum, let maximum)):
      unsafe map {
        unsafe kernels.apply(.clip(minimum: minimum, maximum: maximum), $0, into: $1, threads: pool)
      }
    case .softmax(let op):
      unsafe kernels.softmax(
        x.elements, outer: shape[..<op.axis].reduce(1, *), count: shape[op.axis],
        inner: shape[(op.axis + 1)...].reduce(1, *), into: &result.elements, threads: pool)
    case .maxPool(let op):
      unsafe map { unsafe kernels.maxPool(window(op.window), $0, into: $1, threads: pool) }
    case .averagePool(let op):
      unsafe map {
        unsafe kernels.averagePool(
          window(op.window), countsPadding: op.countIncludePad, $0, into: $1, threads: pool)
      }
    case .globalPool(.average): unsafe map { unsafe kernels.globalAveragePool($0, into: $1, threads: pool) }
    case .resize(let resize):
      let resampling = Resampling(
        resize.mode == .linear ? .linear : .nearest(.floor),
        resize.mode == .linear ? .halfPixel : .asymmetric, input: Extent(x.shape[2], x.shape[3]),
        output: Extent(shape[2], shape[3]))
      unsafe map { unsafe kernels.resize(resampling, $0, into: $1, threads: pool) }
    case .binary:
      let (left, right) = (x, inputs[1])
      result.elements = Self.indices(shape).map { index in
        Self.combine(node.op, left.broadcast(index), right.broadcast(index))
      }
    case .gemm(let gemm):
      let geometry = MatrixProduct(
        rows: shape[0], columns: shape[1], depth: x.shape[1], transposesB: gemm.transB,
        alpha: Double(gemm.alpha), beta: Double(gemm.beta))
      let prepared = unsafe kernels.matrixProduct(geometry, b: inputs[1].elements)
      unsafe inputs[2].elements.withUnsafeBufferPointer { c in
        unsafe map {
          unsafe prepared.run(
            a: $0.elements, c: (c.baseAddress!, 0, 1), into: $1.elements, workspace: $1.elements,
            threads: pool)
        }
      }
    case .concat(let concat):
      result.elements = []
      for row in 0..<shape[..<concat.axis].reduce(1, *) {
        for input in inputs {
          let length = input.shape[concat.axis...].reduce(1, *)
          result.elements += input.elements[row * length..<(row + 1) * length]
        }
      }
    case .identity, .flatten, .reshape, .squeeze, .unsqueeze, .cast: result.elements = x.elements
    case .unary:
      result.elements = x.elements.map { Self.apply(node.op, $0) }
    case .transpose, .slice, .gather, .expand, .pad, .matMul, .reduce, .globalPool(.max), .lrn:
      let operands = [x] + inputs.dropFirst()
      result.elements = Self.indices(shape).map { Self.element(node.op, $0, operands) }
    default:
      Issue.record("\(node.op.name) is not interpreted")
    }
    return result
  }

  private func window(_ window: ModelIR.Window) -> Kernels.Window {
    Kernels.Window(
      kernel: Extent(window.kernel[0], window.kernel[1]),
      strides: Extent(window.strides[0], window.strides[1]),
      padding: Padding(
        top: window.pads[0], left: window.pads[1], bottom: window.pads[2], right: window.pads[3]))
  }
}
