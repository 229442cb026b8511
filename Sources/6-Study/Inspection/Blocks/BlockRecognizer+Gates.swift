import ModelIR

extension BlockRecognizer {
  /// The gate that ends in this Mul: what is gated, times the sigmoid of layers on its mean over height and width. The
  /// layers are two Gemm or 1x1 Conv of squeeze-and-excitation, or one Conv along the channels, which squeezes none.
  func gate(_ mul: Node) -> (input: ValueID, squeezeChannels: Int?)? {
    let factors = activations(of: mul)
    guard factors.count == 2 else { return nil }
    for (input, factor) in [(factors[0], factors[1]), (factors[1], factors[0])] {
      if let squeezeChannels = squeezeChannels(of: factor, gating: input) { return (input, squeezeChannels) }
      if isEfficientGate(factor, gating: input) { return (input, nil) }
    }
    return nil
  }

  /// The output channels of the first of the two layers, or nil if `factor` is no such gate.
  private func squeezeChannels(of factor: ValueID, gating input: ValueID) -> Int? {
    var value = factor
    var widths: [Int] = []
    var hasSigmoid = false
    while let node = producer(of: value), let next = activations(of: node).first {
      switch node.op {
      case .reshape, .flatten, .identity, .cast: break
      case .unary(.sigmoid) where !hasSigmoid && widths.isEmpty: hasSigmoid = true
      case .unary(.relu) where widths.count == 1: break
      case .binary(.add) where activations(of: node).count == 1: break
      case .batchNormalization where !widths.isEmpty: break
      case .gemm where hasSigmoid: widths.append(channels(of: node.outputs[0]))
      case .conv(let conv) where hasSigmoid && conv.window.kernel == [1, 1]:
        widths.append(channels(of: node.outputs[0]))
      case .globalPool(.average):
        return next == input && widths.count == 2 ? widths[1] : nil
      case .averagePool(let pool)
      where graph[next].type.dimensions[2...] == pool.window.kernel.map(Dimension.fixed)[...]:
        return next == input && widths.count == 2 ? widths[1] : nil
      default:
        return nil
      }
      value = next
    }
    return nil
  }

  /// Whether `factor` is the sigmoid of one convolution over the channels' means, which stand along an axis of it.
  private func isEfficientGate(_ factor: ValueID, gating input: ValueID) -> Bool {
    var value = factor
    var (hasSigmoid, hasConvolution) = (false, false)
    while let node = producer(of: value), let next = activations(of: node).first {
      switch node.op {
      case .reshape, .squeeze, .unsqueeze, .transpose, .flatten, .expand, .identity, .cast: break
      case .unary(.sigmoid) where !hasSigmoid: hasSigmoid = true
      case .conv where hasSigmoid && !hasConvolution && channels(of: next) == 1: hasConvolution = true
      case .globalPool(.average), .reduce: return next == input && hasConvolution
      default: return false
      }
      value = next
    }
    return false
  }
}
