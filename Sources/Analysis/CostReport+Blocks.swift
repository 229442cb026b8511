public import ModelIR

extension CostReport {
  /// The scale-aggregation blocks of the graph that this report was made of, in order; none for other networks.
  public func blocks(of graph: Graph) -> [BlockReport] {
    var reports: [BlockReport] = []
    for (index, block) in BlockRecognizer(graph).blocks().enumerated() {
      let size = graph[graph.nodes[block.concat].outputs[0]].type.dimensions[2...].map { $0.value ?? 0 }
      let stage = reports.last.map { $0.featureSize == size ? $0.stage : $0.stage + 1 } ?? 1
      var report = BlockReport(
        name: Self.blockName(graph.nodes[block.concat].name) ?? "block \(index)", stage: stage,
        featureSize: size,
        channels: [0, 0, 0, 0], kernelSizes: [0, 0, 0, 0],
        resize: [String](repeating: "absent", count: 4), parameters: 0, macs: 0)
      for branch in block.branches {
        guard let scale = BlockRecognizer.pools.firstIndex(of: branch.pool) else { continue }
        report.channels[scale] += branch.channels
        report.kernelSizes[scale] = branch.kernel
        report.resize[scale] = branch.resize
      }
      for layer in layers[block.nodes] {
        report.parameters += layer.parameters
        report.macs += layer.macs
      }
      reports.append(report)
    }
    return reports
  }

  /// `layer1.0` from a node's name such as `layer1.0.concat` or `/layer1/layer1.0/Concat`.
  private static func blockName(_ node: String) -> String? {
    for part in node.split(separator: "/").reversed() {
      let pieces = part.split(separator: ".")
      if pieces.count >= 2, pieces[0].hasPrefix("layer"), Int(pieces[0].dropFirst(5)) != nil,
        Int(pieces[1]) != nil
      {
        return "\(pieces[0]).\(pieces[1])"
      }
    }
    return nil
  }
}
