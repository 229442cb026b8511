import Kernels
import Testing

@Suite struct ReferenceCaseTests {
  @Test(arguments: ReferenceCase.all)
  func referenceInDouble(_ example: ReferenceCase) throws {
    let result = try run(example, ReferenceKernels<Double>())
    let isRuntimes = ["asymmetric", "pytorch_half_pixel"].contains(example.attributes.coordinates ?? "")
    let tolerance = isRuntimes && example.attributes.mode == "bilinear" ? Tolerance.runtime : Tolerance.double
    #expect(distance(result, example.output.values) <= tolerance * 100)
  }

  @Test(arguments: ReferenceCase.all)
  func referenceInFloat(_ example: ReferenceCase) throws {
    let result = try run(example, ReferenceKernels<Float>())
    let largest = example.output.values.map(abs).max() ?? 0
    #expect(distance(result, example.output.values) <= max(largest, 1) * max(Tolerance.rounding, 1e-6))
  }

  @Test(arguments: ReferenceCase.all)
  func tiled(_ example: ReferenceCase) throws {
    for variant in fastVariants {
      let result = try run(example, variant)
      let largest = example.output.values.map(abs).max() ?? 0
      #expect(
        distance(result, example.output.values) <= max(largest, 1) * Tolerance.runtime, "\(variant.name)")
    }
  }

  /// Runs a case; the result is row-major.
  private func run<Scalar: BinaryFloatingPoint & Sendable>(
    _ example: ReferenceCase, _ kernels: any KernelSet<Scalar>
  ) throws -> [Double] {
    let pool = pools[1]
    let attributes = example.attributes
    let arrays = example.inputs.map { array in array.values.map { Scalar($0 / 32) } }
    let shapes = example.inputs.map(\.shape)
    let imageShape = shapes[0].count == 4 ? shapes[0] : [1, 1, 1, shapes[0].reduce(1, *)]
    let input = Images<Scalar>(imageShape, gap: 5) { arrays[0][$0] }
    let outputShape =
      example.output.shape.count == 4 ? example.output.shape : [1, 1, 1, example.output.values.count]
    let output = Images<Scalar>(outputShape, gap: 3)
    switch example.operator {
    case "Conv":
      let geometry = Convolution(
        window: try window(attributes, kernel: Array(shapes[1][2...])), inputChannels: shapes[0][1],
        outputChannels: shapes[1][0], groups: try #require(attributes.groups), batch: shapes[0][0],
        input: Extent(shapes[0][2], shapes[0][3]))
      #expect(geometry.output == Extent(outputShape[2], outputShape[3]))
      unsafe kernels.convolve(
        geometry, input.map, weights: arrays[1], bias: arrays.count > 2 ? arrays[2] : nil, into: output.map,
        threads: pool)
    case "MaxPool":
      let window = try window(attributes, kernel: try #require(attributes.kernel))
      unsafe kernels.maxPool(window, input.map, into: output.map, threads: pool)
    case "AveragePool":
      unsafe kernels.averagePool(
        try window(attributes, kernel: try #require(attributes.kernel)),
        countsPadding: attributes.countsPadding == 1, unsafe input.map, into: unsafe output.map, threads: pool
      )
    case "GlobalAveragePool":
      unsafe kernels.globalAveragePool(input.map, into: output.map, threads: pool)
    case "Resize":
      unsafe kernels.resize(try resampling(example), input.map, into: output.map, threads: pool)
    case "ScaleAndShift":
      unsafe kernels.scaleAndShift(
        input.map, scale: arrays[1], shift: arrays[2], appliesReLU: false, into: output.map, threads: pool)
    case "Relu":
      unsafe kernels.apply(.relu, input.map, into: output.map, threads: pool)
    case "Sigmoid":
      unsafe kernels.apply(.sigmoid, input.map, into: output.map, threads: pool)
    case "Add", "Mul":
      let function: BinaryFunction = example.operator == "Add" ? .add : .multiply
      let broadcasting = try #require(Broadcasting(left: shapes[0], right: shapes[1]))
      var result = [Scalar](repeating: .nan, count: example.output.values.count)
      unsafe kernels.combine(
        function, arrays[0], arrays[1], broadcasting, appliesReLU: false, into: &result, threads: pool)
      return result.map { Double($0) }
    case "Gemm":
      let geometry = MatrixProduct(
        rows: 3, columns: 5, depth: 4, transposesA: attributes.transposesA == 1,
        transposesB: attributes.transposesB == 1, alpha: 0.5, beta: 1.5)
      let product = unsafe kernels.matrixProduct(geometry, b: arrays[1])
      let shape = shapes.count > 2 ? [Int](repeating: 1, count: 2 - shapes[2].count) + shapes[2] : []
      let steps = shape.isEmpty ? [] : Broadcasting.strides(shape, in: [3, 5])
      let c = Images<Scalar>([1, 1, 1, 15]) { shapes.count > 2 && $0 < arrays[2].count ? arrays[2][$0] : 0 }
      var result = [Scalar](repeating: .nan, count: 15)
      let workspace = Images<Scalar>([1, 1, 1, product.workspaceCount(threads: pool.count)])
      unsafe product.run(
        a: arrays[0], c: shapes.count > 2 ? (UnsafePointer(c.map.elements), steps[0], steps[1]) : nil,
        into: &result, workspace: workspace.map.elements, threads: pool)
      return result.map { Double($0) }
    case "Softmax":
      let axis = try #require(attributes.axis)
      var result = [Scalar](repeating: .nan, count: arrays[0].count)
      unsafe kernels.softmax(
        arrays[0], outer: shapes[0][..<axis].reduce(1, *), count: shapes[0][axis],
        inner: shapes[0][(axis + 1)...].reduce(1, *), into: &result, threads: pool)
      return result.map { Double($0) }
    default:
      Issue.record("no such operator: \(example.operator)")
    }
    #expect(output.gapsAreUntouched)
    return output.values
  }

  private func window(_ attributes: ReferenceCase.Attributes, kernel: [Int]) throws -> Window {
    let pads = try #require(attributes.pads)
    let strides = try #require(attributes.strides)
    let dilations = attributes.dilations ?? [1, 1]
    return Window(
      kernel: Extent(kernel[0], kernel[1]), strides: Extent(strides[0], strides[1]),
      dilations: Extent(dilations[0], dilations[1]),
      padding: Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3]))
  }

  private func resampling(_ example: ReferenceCase) throws -> Resampling {
    let names: [String: Resampling.Coordinates] = [
      "asymmetric": .asymmetric, "half_pixel": .halfPixel, "align_corners": .alignCorners,
      "pytorch_half_pixel": .pytorchHalfPixel,
    ]
    let shape = example.inputs[0].shape
    let size = example.output.shape
    return Resampling(
      example.attributes.mode == "nearest" ? .nearest(.floor) : .linear,
      try #require(names[example.attributes.coordinates ?? ""]), input: Extent(shape[2], shape[3]),
      output: Extent(size[2], size[3]))
  }
}
