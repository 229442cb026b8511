import ModelIR

extension BlockTraits {
  /// One block; `channels` are those of its input before, and those of its output afterwards, as far as they are known.
  func takeBlock(
    _ name: String, stage: Int, isFirst: Bool, stride: Int, channels: inout Int?,
    from checker: inout WeightChecker
  ) -> Network.Block? {
    let inputChannels = channels
    let pooling = stride > 1 || shortcutPooling == .pairs ? shortcutPooling : nil
    var shortcut = Network.Shortcut(pooling: pooling, kernel: nil)
    let lastName = naming.layer(kind.kernels.count, of: name).convolution
    let last = checker.weights["\(lastName).weight"]?.shape
    let expectedOutput = last?.rank == 4 ? last?[0] : nil
    let shortcutName = "\(name).\(naming.shortcut).\(shortcut.index)"
    let changesChannels =
      expectedOutput != nil && inputChannels != nil && expectedOutput != inputChannels
    // Without a convolution in the shortcut, the block gives back what it takes.
    let hasDownsample =
      isFirst
      && ((stride > 1 && shortcutPooling != .overlapping)
        || checker.weights["\(shortcutName).weight"]?.shape.rank == 4 || changesChannels)

    var convolutions: [Network.Convolution] = []
    for (index, kernel) in kind.kernels.enumerated() {
      let isLast = index == kind.kernels.count - 1
      let convolution = takeConvolution(
        forms[index], index, of: name, filters: isLast && !hasDownsample ? inputChannels : nil,
        channels: channels, kernel: kernel, from: &checker)
      channels = convolution?.filters ?? (isLast ? expectedOutput : nil)
      if forms[index] == .plain {
        takeNormalization(
          naming.layer(index + 1, of: name).normalization, channels: channels, from: &checker)
      }
      if let convolution { convolutions.append(convolution) }
    }
    let output = channels
    let attention = takeAttention("\(name).\(naming.squeezeExcitation)", channels: output, from: &checker)
    if hasDownsample {
      let shape = checker.takeConvolution(
        shortcutName, filters: output, channels: inputChannels, kernels: shortcutKernels(stride))
      shortcut.kernel = shape?[2]
      takeNormalization(
        "\(name).\(naming.shortcut).\(shortcut.index + 1)", channels: output, from: &checker)
    } else if shortcutPooling == .pairs {
      shortcut = .identity
    }
    guard let inputChannels, convolutions.count == kind.kernels.count else { return nil }
    return Network.Block(
      name: name, stage: stage, inputChannels: inputChannels, convolutions: convolutions,
      attention: attention, stride: stride, shortcut: shortcut)
  }

  /// SENet-154 takes the step of its shortcuts with a kernel of 3x3.
  private func shortcutKernels(_ stride: Int) -> [Int] {
    stride > 1 && hasAttention && shortcutPooling == nil ? [1, 3] : [1]
  }

  private func takeAttention(
    _ name: String, channels: Int?, from checker: inout WeightChecker
  ) -> Network.Attention? {
    guard hasAttention else { return nil }
    guard hasEfficientAttention else {
      let squeezed = checker.takeConvolution(
        "\(name).fc1", filters: nil, channels: channels, kernels: [1], hasBias: true)?[0]
      _ = checker.takeConvolution(
        "\(name).fc2", filters: channels, channels: squeezed, kernels: [1], hasBias: true)
      return squeezed.map { .squeezeExcitation($0) }
    }
    guard let kernel = checker.take("\(name).conv.weight", [1, 1, nil])?[2] else { return nil }
    guard kernel % 2 == 1 else {
      checker.add(
        .misshaped(
          key: "\(name).conv.weight", expected: "a kernel of odd length", found: [1, 1, kernel]))
      return nil
    }
    return .efficient(kernel: kernel)
  }

  private func takeConvolution(
    _ form: Form, _ index: Int, of block: String, filters: Int?, channels: Int?, kernel: Int,
    from checker: inout WeightChecker
  ) -> Network.Convolution? {
    let name = naming.layer(index + 1, of: block).convolution
    switch form {
    case .plain:
      return checker.takeGroupedConvolution(name, filters: filters, channels: channels, kernel: kernel)
    case .hierarchical:
      return takeHierarchical(block, channels: channels, from: &checker)
    case .selectiveKernel:
      return takeSelectiveKernel("\(block).conv\(index + 1)", channels: channels, from: &checker)
    case .splitAttention:
      return takeSplitAttention(block, channels: channels, from: &checker)
    }
  }

  /// `convs.0`, `convs.1`, ... of a Res2Net, one fewer than splits.
  private func takeHierarchical(
    _ block: String, channels: Int?, from checker: inout WeightChecker
  ) -> Network.Convolution? {
    let first = checker.weights["\(block).convs.0.weight"]?.shape
    let width = first?.rank == 4 ? first?[0] : nil
    let convolution = checker.takeGroupedConvolution(
      "\(block).convs.0", filters: width, channels: width, kernel: 3)
    takeNormalization("\(block).bns.0", channels: width, from: &checker)
    guard let convolution, let channels, let width else { return nil }
    guard channels % width == 0, channels > width else {
      checker.add(
        .misshaped(
          key: "\(block).convs.0.weight", expected: "splits of \(channels) channels", found: first ?? []))
      return nil
    }
    let scales = channels / width
    for index in 1..<max(2, scales - 1) where scales > 2 {
      _ = checker.takeConvolution(
        "\(block).convs.\(index)", filters: width, channels: width / convolution.groups, kernels: [3])
      takeNormalization("\(block).bns.\(index)", channels: width, from: &checker)
    }
    return Network.Convolution(
      filters: channels, kernel: 3, groups: convolution.groups,
      form: .hierarchical(width: width, scales: scales))
  }

  /// `paths.0`, `paths.1`, ... of an SKNet, and what chooses among them.
  private func takeSelectiveKernel(
    _ name: String, channels: Int?, from checker: inout WeightChecker
  ) -> Network.Convolution? {
    var paths = 2
    while checker.weights["\(name).paths.\(paths).conv.weight"] != nil { paths += 1 }
    let first = checker.weights["\(name).paths.0.conv.weight"]?.shape
    let shared = first?.rank == 4 ? first?[1] : nil
    // Without groups, a path that reads fewer channels than there are reads its share of them.
    let splitsInput = channels != nil && shared.map { $0 * paths } == channels
    var convolution: Network.Convolution?
    for path in 0..<paths {
      convolution = checker.takeGroupedConvolution(
        "\(name).paths.\(path).conv", filters: convolution?.filters,
        channels: splitsInput ? shared : channels, kernel: 3)
      takeNormalization("\(name).paths.\(path).bn", channels: convolution?.filters, from: &checker)
    }
    let filters = convolution?.filters
    let reduced = checker.takeConvolution(
      "\(name).attn.fc_reduce", filters: nil, channels: filters, kernels: [1])?[0]
    takeNormalization("\(name).attn.bn", channels: reduced, from: &checker)
    _ = checker.takeConvolution(
      "\(name).attn.fc_select", filters: filters.map { $0 * paths }, channels: reduced, kernels: [1])
    guard var convolution, let reduced else { return nil }
    convolution.form = .selectiveKernel(
      paths: paths, splitsInput: splitsInput, attentionChannels: reduced)
    return convolution
  }

  /// `conv2` of a ResNeSt: `conv`, `bn0`, and the two layers that choose among the splits.
  private func takeSplitAttention(
    _ block: String, channels: Int?, from checker: inout WeightChecker
  ) -> Network.Convolution? {
    let name = "\(block).conv2"
    let next = checker.weights["\(block).conv3.weight"]?.shape
    let width = next?.rank == 4 ? next?[1] : nil
    let all = checker.takeGroupedConvolution(
      "\(name).conv", filters: nil, channels: channels, kernel: 3)
    takeNormalization("\(name).bn0", channels: all?.filters, from: &checker)
    guard let all, let width else { return nil }
    let radix = all.filters / max(1, width)
    guard radix > 0, all.filters == radix * width, all.groups % radix == 0,
      width % (all.groups / radix) == 0
    else {
      checker.add(
        .misshaped(
          key: "\(name).conv.weight", expected: "splits of \(width) channels each",
          found: checker.weights["\(name).conv.weight"]?.shape ?? []))
      return nil
    }
    let groups = all.groups / radix
    let reduced = checker.takeConvolution(
      "\(name).fc1", filters: nil, channels: width / groups, kernels: [1], hasBias: true)?[0]
    takeNormalization("\(name).bn1", channels: reduced, from: &checker)
    _ = checker.takeConvolution(
      "\(name).fc2", filters: all.filters, channels: reduced.map { $0 / groups }, kernels: [1], hasBias: true)
    guard let reduced else { return nil }
    return Network.Convolution(
      filters: width, kernel: 3, groups: groups,
      form: .splitAttention(radix: radix, attentionChannels: reduced))
  }
}

extension WeightChecker {
  /// A convolution's weight [filters, channels / groups, kernel, kernel]. 1x1 convolutions are not grouped.
  mutating func takeGroupedConvolution(
    _ name: String, filters: Int?, channels: Int?, kernel: Int
  ) -> ResNetConfiguration.Convolution? {
    let own = kernel == 1 ? channels : nil
    guard let shape = takeConvolution(name, filters: filters, channels: own, kernels: [kernel]) else {
      return nil
    }
    // Where what comes before is not known, neither are the groups.
    guard kernel > 1, let channels else {
      return ResNetConfiguration.Convolution(filters: shape[0], kernel: kernel, groups: 1)
    }
    let groups = channels / shape[1]
    guard channels % shape[1] == 0, shape[0] % groups == 0 else {
      add(
        .misshaped(
          key: "\(name).weight", expected: "groups that divide \(channels) channels and the filters",
          found: shape))
      return nil
    }
    return ResNetConfiguration.Convolution(filters: shape[0], kernel: kernel, groups: groups)
  }
}
