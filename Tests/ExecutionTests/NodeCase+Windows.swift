import ModelIR

extension NodeCase {
  /// Operators whose window moves over the spatial axes.
  func windowed() throws -> ModelIR.Operator {
    switch op {
    case "AveragePool":
      return .averagePool(
        AveragePool(
          window: window(ints("kernel_shape") ?? []), ceilMode: flag("ceil_mode"),
          countIncludePad: flag("count_include_pad")))
    case "Conv": return .conv(Conv(window: window(kernel(1)), group: int("group", 1)))
    case "ConvInteger": return .convInteger(ConvInteger(window: window(kernel(1)), group: int("group", 1)))
    case "ConvTranspose": return .convTranspose(convTranspose())
    case "LpPool":
      return .lpPool(
        LpPool(window: window(ints("kernel_shape") ?? []), p: int("p", 2), ceilMode: flag("ceil_mode")))
    case "MaxPool":
      return .maxPool(
        MaxPool(
          window: window(ints("kernel_shape") ?? []), ceilMode: flag("ceil_mode"),
          givesIndices: outputs.count > 1,
          countsColumnMajor: flag("storage_order")))
    case "MaxUnpool":
      let shape = inputs.count > 2 ? try inputs[2]?.integers().map { Int($0) } : nil
      return .maxUnpool(MaxUnpool(window: window(ints("kernel_shape") ?? []), outputShape: shape))
    case "QLinearConv": return .qLinearConv(QLinearConv(window: window(kernel(3)), group: int("group", 1)))
    default: throw unknown
    }
  }

  /// The spatial extents of a weight.
  private func kernel(_ input: Int) -> [Int] {
    ints("kernel_shape") ?? inputs[input].map { Array($0.shape.dimensions.dropFirst(2)) } ?? []
  }

  private var extents: [Int] { inputs[0].map { Array($0.shape.dimensions.dropFirst(2)) } ?? [] }

  /// The window of the attributes, its margins made explicit.
  private func window(_ kernel: [Int]) -> Window {
    var window = Window(
      kernel: kernel, strides: ints("strides"), pads: ints("pads"), dilations: ints("dilations"))
    let automatic = text("auto_pad", "NOTSET")
    guard automatic.hasPrefix("SAME") else { return window }
    for axis in kernel.indices {
      let output = (extents[axis] + window.strides[axis] - 1) / window.strides[axis]
      let total = max((output - 1) * window.strides[axis] + window.reach(axis) - extents[axis], 0)
      let less = total / 2
      window.pads[axis] = automatic == "SAME_UPPER" ? less : total - less
      window.pads[axis + kernel.count] = automatic == "SAME_UPPER" ? total - less : less
    }
    return window
  }

  private func convTranspose() -> ConvTranspose {
    let kernel = kernel(1)
    var window = Window(
      kernel: kernel, strides: ints("strides"), pads: ints("pads"), dilations: ints("dilations"))
    var padding = ints("output_padding") ?? [Int](repeating: 0, count: kernel.count)
    let automatic = text("auto_pad", "NOTSET")
    var wanted = ints("output_shape")
    if automatic.hasPrefix("SAME") && wanted == nil {
      wanted = kernel.indices.map { extents[$0] * window.strides[$0] }
    }
    if let wanted {
      for axis in kernel.indices {
        var total =
          window.strides[axis] * (extents[axis] - 1) + padding[axis] + window.reach(axis)
          - wanted.suffix(kernel.count)[wanted.count - kernel.count + axis]
        // What is missing is added at the end.
        if total < 0 { padding[axis] -= total }
        total = max(total, 0)
        let first = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        window.pads[axis] = first
        window.pads[axis + kernel.count] = total - first
      }
    }
    return ConvTranspose(window: window, group: int("group", 1), outputPadding: padding)
  }
}
