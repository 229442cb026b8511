public import ModelIR

extension CostReport {
  /// The residual blocks of the graph that this report was made of, in the order in which they run; none for other
  /// networks.
  public func blocks(of graph: Graph) -> [BlockReport] { blocks(BlockRecognizer(graph).blocks(), of: graph) }

  /// The same of blocks that were recognised already.
  func blocks(_ recognized: [RecognizedBlock], of graph: Graph) -> [BlockReport] {
    var reports: [BlockReport] = []
    for (index, block) in recognized.enumerated() {
      var report = BlockReport(
        name: Self.blockName(block, of: graph) ?? "block \(index)", kind: block.kind, stage: 1,
        featureSize: graph[block.output].type.dimensions.dropFirst(2).map { $0.value ?? 0 },
        channels: [0, 0, 0, 0], kernelSizes: [0, 0, 0, 0], resize: [String](repeating: "absent", count: 4),
        groups: block.branches.map(\.groups).max() ?? 1,
        outputChannels: graph[block.output].type.dimensions[1].value ?? 0,
        squeezeChannels: block.squeezeChannels, parameters: 0, macs: 0)
      if let last = reports.last {
        let isSameStage =
          last.featureSize == report.featureSize && last.outputChannels == report.outputChannels
        report.stage = last.stage + (isSameStage ? 0 : 1)
      }
      for branch in block.branches {
        guard let scale = BlockRecognizer.pools.firstIndex(of: branch.pool) else { continue }
        report.channels[scale] = branch.channels
        report.kernelSizes[scale] = branch.kernel
        report.resize[scale] = branch.resize
      }
      for node in block.nodes {
        report.parameters += layers[node].parameters
        report.macs += layers[node].macs
      }
      reports.append(report)
    }
    return reports
  }

  /// `layer1.0` from a node's name such as `layer1.0.concat`, `/layer1/layer1.0/Concat` or `layer1_0_concat`.
  static func blockName(_ block: RecognizedBlock, of graph: Graph) -> String? {
    func isNumber(_ text: Substring) -> Bool {
      (1...6).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) }
    }
    for node in block.nodes {
      for part in graph.nodes[node].name.utf8.split(separator: UInt8(ascii: "/")).reversed() {
        let pieces = part.split(maxSplits: 3) { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }
          .map { Substring($0) }
        if pieces.count >= 2, pieces[0].hasPrefix("layer"), isNumber(pieces[0].dropFirst(5)),
          isNumber(pieces[1])
        {
          return "\(pieces[0]).\(pieces[1])"
        }
        // Of the branches of a Big-Little Net.
        if pieces.count >= 3, pieces[0].hasPrefix("layer"), isNumber(pieces[0].dropFirst(5)),
          ["big", "little", "fusion"].contains(pieces[1]), isNumber(pieces[2])
        {
          return "\(pieces[0]).\(pieces[1]).\(pieces[2])"
        }
      }
    }
    return nil
  }
}

extension Graph {
  /// The last feature map of each stage of residual blocks, in the order in which they run; a new stage begins where the
  /// feature size or the output's channels change. Empty where there are no such blocks.
  package func stageOutputs() -> [ValueID] {
    var outputs: [ValueID] = []
    for block in BlockRecognizer(self).blocks() {
      if let last = outputs.last, self[last].type == self[block.output].type { outputs.removeLast() }
      outputs.append(block.output)
    }
    return outputs
  }
}
