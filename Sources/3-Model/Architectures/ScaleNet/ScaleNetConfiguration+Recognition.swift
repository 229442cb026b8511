package import FileIO
package import ModelIR

extension ScaleNetConfiguration {
  /// Whether the keys are those of a ScaleNet, complete or not: some `layerS.B.conv2.I` exists.
  package static func recognizes(_ weights: StateDict) -> Bool {
    weights.entries.contains { isOfScale($0.name) }
  }

  /// Reads a ScaleNet's dimensions off its weights. No width is known beforehand.
  ///
  /// - Parameter source: the file's path, for errors.
  package init(recognizing weights: StateDict, source: String) throws(ScaleNetError) {
    var checker = WeightChecker(weights)
    let stem = checker.takeConvolution("conv1", filters: nil, channels: nil, kernels: [7])
    let stemChannels = stem?[0]
    checker.takeNormalization("bn1", channels: stemChannels)

    let counts = BlockKey.counts(weights)
    var blocks: [Block] = []
    var channels = stemChannels
    for stage in counts.indices {
      for number in 0..<counts[stage] {
        let block = Self.takeBlock(stage: stage, number: number, inputChannels: channels, from: &checker)
        channels = block?.outputChannels
        if let block { blocks.append(block) }
      }
    }

    let classifier = WeightChecker.classifier(of: weights, among: ["fc"])
    let classes = checker.takeClassifier(classifier, channels: channels)
    checker.finish()
    guard checker.problems.isEmpty, let stem else {
      throw .weights(source: source, architecture: "ScaleNet", problems: checker.problems)
    }
    self.init(
      imageChannels: stem[1], stemChannels: stem[0], blocks: blocks, classes: classes,
      classifier: classifier)
  }

  /// All disagreements with a structure file, each with its place.
  package func disagreements(with structure: Structure) -> [String] {
    var problems: [String] = []
    let found = self.structure
    if structure.rows.count != found.rows.count {
      problems.append("expected \(found.rows.count) rows, one for each block, found \(structure.rows.count)")
    }
    for (index, (row, actual)) in zip(structure.rows, found.rows).enumerated() {
      let place = "row \(index) (\(blocks[index].name))"
      if row.side != actual.side {
        problems.append("\(place), column 4: side is \(row.side), the weights' stage has \(actual.side)")
      }
      for column in 0..<4 where row.channels[column] != actual.channels[column] {
        problems.append(
          "\(place), column \(column) (scale \(Structure.pools[column])): \(row.channels[column]) channels, "
            + "the weights have \(actual.channels[column])")
      }
      for scale in blocks[index].scales where row.side == actual.side && row.channels[scale.index] > 0 {
        // Where the quotient is between 1 and 2, published weights have either kernel.
        let quotient = Double(row.side) / Double(1 << scale.index)
        let allowed = quotient > 1 && quotient < 2 ? [1, 3] : [quotient > 1 ? 3 : 1]
        if !allowed.contains(scale.kernel) {
          problems.append(
            "\(place), column \(scale.index): side \(row.side) makes the kernel \(allowed[0])x\(allowed[0]), "
              + "the weights' is \(scale.kernel)x\(scale.kernel)")
        }
      }
    }
    return problems
  }

  private static func takeBlock(
    stage: Int, number: Int, inputChannels: Int?, from checker: inout WeightChecker
  ) -> Block? {
    let name = "layer\(stage + 1).\(number)"
    let conv3 = checker.weights["\(name).conv3.weight"]?.shape
    let expectedOutput = conv3?.rank == 4 ? conv3?[0] : nil
    // As in a ResNet: the shortcut has a convolution where the stride or the channels change, in a stage's first block.
    let hasDownsample =
      number == 0
      && (stage > 0 || inputChannels != expectedOutput
        || checker.weights.entries.contains { $0.name.hasPrefix("\(name).downsample.") })
    if hasDownsample {
      _ = checker.takeConvolution(
        "\(name).downsample.0", filters: expectedOutput, channels: inputChannels, kernels: [1])
      checker.takeNormalization("\(name).downsample.1", channels: expectedOutput)
    }
    let conv1 = checker.takeConvolution("\(name).conv1", filters: nil, channels: inputChannels, kernels: [1])
    let planes = conv1?[0]
    checker.takeNormalization("\(name).bn1", channels: planes)

    var scales: [Scale] = []
    var isComplete = true
    for index in Structure.pools.indices {
      let hasConvolution = checker.weights["\(name).conv2.\(index).weight"] != nil
      let normalization = checker.weights["\(name).bn2.\(index).weight"]
      guard hasConvolution || normalization != nil else { continue }
      let expected = hasConvolution ? nil : normalization.flatMap { $0.shape.rank == 1 ? $0.shape[0] : nil }
      let shape = checker.takeConvolution(
        "\(name).conv2.\(index)", filters: expected, channels: planes, kernels: [1, 3])
      checker.takeNormalization("\(name).bn2.\(index)", channels: shape?[0] ?? expected)
      if let shape {
        scales.append(Scale(index: index, channels: shape[0], kernel: shape[2]))
      } else {
        isComplete = false
      }
    }
    if scales.isEmpty && isComplete {
      checker.add(
        .missing(key: "\(name).conv2.0.weight", shape: "[?, \(planes.map(String.init) ?? "?"), 3, 3]"))
      isComplete = false
    }
    let aggregated = isComplete ? scales.reduce(0) { $0 + $1.channels } : nil
    // Without a convolution in the shortcut, the block gives back what it takes.
    let output = checker.takeConvolution(
      "\(name).conv3", filters: hasDownsample ? nil : inputChannels, channels: aggregated, kernels: [1])
    checker.takeNormalization("\(name).bn3", channels: output?[0] ?? expectedOutput)
    guard let inputChannels, let planes, let output, isComplete else { return nil }
    return Block(
      name: name, stage: stage, inputChannels: inputChannels, planes: planes, scales: scales,
      outputChannels: output[0], stride: number == 0 && stage > 0 ? 2 : 1, hasDownsample: hasDownsample)
  }

  /// Whether a key is `layerS.B.conv2.I.…`, the convolution of one scale.
  private static func isOfScale(_ key: String) -> Bool {
    guard let parts = BlockKey(key)?.parts else { return false }
    return parts.count == 3 && parts[0] == "conv2" && Int(parts[1]) != nil
  }
}
