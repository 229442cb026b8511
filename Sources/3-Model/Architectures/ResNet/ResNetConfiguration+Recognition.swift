package import FileIO
package import ModelIR

extension ResNetConfiguration {
  /// Whether the keys are those of a ResNet, complete or not: some `layerS.B.conv2.weight` exists.
  package static func recognizes(_ weights: StateDict) -> Bool {
    weights.entries.contains { BlockKey($0.name)?.parts == ["conv2", "weight"] }
  }

  /// Reads a network's dimensions off its weights. No width is known beforehand; groups are what the second extent
  /// of a 3x3 convolution's weight leaves of its input's channels.
  ///
  /// - Parameter source: the file's path, for errors.
  package init(recognizing weights: StateDict, source: String) throws(ScaleNetError) {
    let naming = ResNetNaming(of: weights)
    let keys = weights.entries.compactMap { BlockKey($0.name) }
    let kind: BlockKind = keys.contains { $0.parts[0] == "conv3" } ? .bottleneck : .basic
    let hasSqueeze = keys.contains { $0.parts[0] == naming.squeezeExcitation }

    var checker = WeightChecker(weights)
    let stem = checker.takeConvolution(
      "\(naming.stemPrefix)conv1", filters: nil, channels: nil, kernels: [7])
    checker.takeNormalization("\(naming.stemPrefix)bn1", channels: stem?[0])
    var blocks: [Block] = []
    var channels = stem?[0]
    for (stage, count) in BlockKey.counts(weights).enumerated() {
      for number in 0..<count {
        let block = Self.takeBlock(
          stage: stage, number: number, channels: &channels, kernels: kind.kernels,
          squeeze: hasSqueeze ? naming.squeezeExcitation : nil, from: &checker)
        if let block { blocks.append(block) }
      }
    }
    let classes = checker.takeClassifier(naming.classifier, channels: channels)
    checker.finish()
    guard checker.problems.isEmpty, let stem else {
      throw .weights(
        source: source, architecture: hasSqueeze ? "SE-ResNet" : "ResNet", problems: checker.problems)
    }
    self.init(
      imageChannels: stem[1], stemChannels: stem[0], kind: kind, blocks: blocks, classes: classes,
      naming: naming)
  }

  /// One block; `channels` are those of its input before, and those of its output afterwards, as far as they are known.
  private static func takeBlock(
    stage: Int, number: Int, channels: inout Int?, kernels: [Int], squeeze: String?,
    from checker: inout WeightChecker
  ) -> Block? {
    let name = "layer\(stage + 1).\(number)"
    let inputChannels = channels
    let stride = number == 0 && stage > 0 ? 2 : 1
    let last = checker.weights["\(name).conv\(kernels.count).weight"]?.shape
    let expectedOutput = last?.rank == 4 ? last?[0] : nil
    // Without a convolution in the shortcut, the block gives back what it takes.
    let hasDownsample =
      number == 0
      && (stride > 1 || checker.weights["\(name).downsample.0.weight"] != nil
        || (expectedOutput != nil && inputChannels != nil && expectedOutput != inputChannels))

    var convolutions: [Convolution] = []
    for (index, kernel) in kernels.enumerated() {
      let isLast = index == kernels.count - 1
      let convolution = checker.takeGroupedConvolution(
        "\(name).conv\(index + 1)", filters: isLast && !hasDownsample ? inputChannels : nil,
        channels: channels, kernel: kernel)
      channels = convolution?.filters ?? (isLast ? expectedOutput : nil)
      checker.takeNormalization("\(name).bn\(index + 1)", channels: channels)
      if let convolution { convolutions.append(convolution) }
    }
    let output = channels
    let squeezedChannels = squeeze.flatMap { module in
      checker.takeSqueezeExcitation("\(name).\(module)", channels: output)
    }
    if hasDownsample {
      _ = checker.takeConvolution(
        "\(name).downsample.0", filters: output, channels: inputChannels, kernels: [1])
      checker.takeNormalization("\(name).downsample.1", channels: output)
    }
    guard let inputChannels, convolutions.count == kernels.count else { return nil }
    return Block(
      name: name, stage: stage, inputChannels: inputChannels, convolutions: convolutions,
      squeezedChannels: squeezedChannels, stride: stride, hasDownsample: hasDownsample)
  }
}

extension WeightChecker {
  /// A convolution's weight [filters, channels / groups, kernel, kernel]. 1x1 convolutions are not grouped.
  fileprivate mutating func takeGroupedConvolution(
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

  /// The two 1x1 convolutions with biases of a squeeze-and-excitation module; gives the channels between them.
  fileprivate mutating func takeSqueezeExcitation(_ name: String, channels: Int?) -> Int? {
    let squeezed = takeConvolution("\(name).fc1", filters: nil, channels: channels, kernels: [1])?[0]
    take("\(name).fc1.bias", [squeezed])
    _ = takeConvolution("\(name).fc2", filters: channels, channels: squeezed, kernels: [1])
    take("\(name).fc2.bias", [channels])
    return squeezed
  }
}
