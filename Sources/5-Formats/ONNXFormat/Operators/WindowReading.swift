import FileIO
import ModelIR

extension NodeReader {
  /// The window that the attributes of a convolution or pool describe.
  ///
  /// Margins are numbers, or as many as keep ceil(extent / stride) elements: SAME_UPPER and SAME_LOWER.
  mutating func window(kernel: [Int], x: TensorType) throws(ScaleNetError) -> Window {
    let rank = x.rank - 2
    guard rank > 0 else { throw failure("input X", expected: "rank 3 or more", found: "\(x)") }
    let ones = [Int](repeating: 1, count: rank)
    let strides = try integers("strides") ?? ones
    let dilations = try integers("dilations") ?? ones
    let pads = try integers("pads")
    let automatic = try choice("auto_pad", default: AutomaticPadding.none)
    for (name, values) in [("kernel_shape", kernel), ("strides", strides), ("dilations", dilations)] {
      guard values.count == rank, values.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else {
        throw failure("attribute \(name)", expected: "\(rank) positive numbers", found: "\(values)")
      }
    }
    var window = Window(kernel: kernel, strides: strides, dilations: dilations)
    switch automatic {
    case .none:
      guard let pads else { break }
      guard pads.count == 2 * rank else {
        throw failure("attribute pads", expected: "\(2 * rank) numbers", found: "\(pads)")
      }
      window.pads = pads
    case .valid: break
    case .sameUpper, .sameLower:
      for axis in 0..<rank {
        guard let extent = x.dimensions[axis + 2].value, extent < 1 << 40 else {
          throw failure("input X, axis \(axis + 2)", expected: "a known extent", found: "\(x)")
            .advising(.closeExtents)
        }
        let margins = window.sameMargins(axis, extent: extent)
        window.pads[axis] = automatic == .sameUpper ? margins.smaller : margins.larger
        window.pads[axis + rank] = automatic == .sameUpper ? margins.larger : margins.smaller
      }
    }
    if automatic != .none, let pads, pads.contains(where: { $0 != 0 }) {
      throw failure("attribute pads", expected: "none beside auto_pad", found: "\(pads)")
    }
    return window
  }

  enum AutomaticPadding: String, CaseIterable {
    case none = "NOTSET"
    case valid = "VALID"
    case sameUpper = "SAME_UPPER"
    case sameLower = "SAME_LOWER"
  }
}

extension NodeWriter {
  /// The attributes of a window; dilations where the operator has them.
  mutating func set(_ window: Window, dilations: Bool = true) {
    if dilations { set("dilations", window.dilations) }
    set("kernel_shape", window.kernel)
    set("pads", window.pads)
    set("strides", window.strides)
  }
}

/// One spatial axis as the second of two, the first of extent 1, for which there are fast kernels.
enum Planes {
  /// The window over two axes of one that is over one or three; nil stands for an axis of extent 1.
  static func window(_ window: Window, _ height: Int?, _ width: Int?) -> Window {
    func part(_ values: [Int], _ axis: Int?, _ standard: Int) -> Int { axis.map { values[$0] } ?? standard }
    let axes = [height, width]
    return Window(
      kernel: axes.map { part(window.kernel, $0, 1) }, strides: axes.map { part(window.strides, $0, 1) },
      pads: axes.map { part(window.pads, $0, 0) }
        + axes.map { part(window.pads, $0.map { $0 + window.rank }, 0) },
      dilations: axes.map { part(window.dilations, $0, 1) })
  }

  /// [N, C, L] as [N, C, 1, L].
  static func type(_ type: TensorType) -> TensorType {
    TensorType(type.dataType, [type.dimensions[0], type.dimensions[1], 1, type.dimensions[2]])
  }

  static func shape(_ shape: TensorShape) -> TensorShape { [shape[0], shape[1], 1, shape[2]] }
}
