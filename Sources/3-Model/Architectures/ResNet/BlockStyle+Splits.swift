import FileIO
import ModelIR

extension BlockStyle {
  /// The 3x3 of a Res2Net: splits of the channels, of which each is added to the next before that is convolved. The
  /// last is left as it is. In a block that begins a stage nothing is added, and the last split takes the step by
  /// a pool.
  func addHierarchical(
    _ block: Network.Block, _ input: ValueID, width: Int, scales: Int, groups: Int, stride: Int,
    to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let name = block.name
    let beginsStage = block.stride > 1 || block.shortcut.kernel != nil
    var outputs: [ValueID] = []
    for index in 0..<max(1, scales - 1) {
      var x = try builder.slice("\(name).split.\(index)", input, start: index * width, count: width)
      if let last = outputs.last, !beginsStage {
        x = try builder.node("\(name).add.\(index)", .binary(.add), last, x)
      }
      x = try builder.convolution("\(name).convs.\(index)", x, stride: stride, group: groups)
      x = try addNormalization("\(name).bns.\(index)", x, to: &builder)
      outputs.append(try builder.relu("\(name).relu2.\(index)", x))
    }
    var rest = try builder.slice(
      "\(name).split.\(scales - 1)", input, start: (scales - 1) * width, count: width)
    if beginsStage {
      rest = try builder.averagePool(
        "\(name).pool", rest, Window(3, stride: stride, pad: 1), countsMargins: true)
    }
    return try builder.concat("\(name).concat", outputs + [rest])
  }

  /// The 3x3 of an SKNet: paths of dilation 1, 2, ..., weighed for each channel by a softmax over the paths.
  func addSelectiveKernel(
    _ name: String, _ input: ValueID, _ convolution: Network.Convolution, paths: Int, splitsInput: Bool,
    stride: Int, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let share = builder.channels(input) / paths
    var outputs: [ValueID] = []
    for path in 0..<paths {
      let module = "\(name).paths.\(path)"
      let source =
        splitsInput ? try builder.slice("\(module).split", input, start: path * share, count: share) : input
      var x = try builder.convolution(
        "\(module).conv", source, stride: stride, group: convolution.groups, dilation: path + 1)
      x = try addNormalization("\(module).bn", x, to: &builder)
      outputs.append(try builder.relu("\(module).relu", x))
    }
    var x = try builder.sum("\(name).attn.sum", outputs)
    x = try builder.node("\(name).attn.avg_pool", .globalPool(.average), x)
    x = try builder.convolution("\(name).attn.fc_reduce", x)
    x = try addNormalization("\(name).attn.bn", x, to: &builder)
    x = try builder.relu("\(name).attn.relu", x)
    x = try builder.convolution("\(name).attn.fc_select", x)
    return try addChoice("\(name).attn", of: outputs, by: x, groups: 1, to: &builder)
  }

  /// The 3x3 of a ResNeSt: `radix` times as many channels, weighed by a softmax over the splits, of which there is one
  /// for each group; of a single split, by a sigmoid.
  func addSplitAttention(
    _ name: String, _ input: ValueID, _ convolution: Network.Convolution, radix: Int,
    to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let groups = convolution.groups
    let width = convolution.filters
    var x = try builder.convolution("\(name).conv", input, group: groups * radix)
    x = try addNormalization("\(name).bn0", x, to: &builder)
    let all = try builder.relu("\(name).relu0", x)
    var splits = [all]
    if radix > 1 {
      splits = []
      for index in 0..<radix {
        splits.append(try builder.slice("\(name).split.\(index)", all, start: index * width, count: width))
      }
    }
    x = try builder.sum("\(name).sum", splits)
    x = try builder.node("\(name).avg_pool", .globalPool(.average), x)
    x = try builder.convolution("\(name).fc1", x, group: groups, hasBias: true)
    x = try addNormalization("\(name).bn1", x, to: &builder)
    x = try builder.relu("\(name).relu1", x)
    x = try builder.convolution("\(name).fc2", x, group: groups, hasBias: true)
    guard radix > 1 else {
      x = try builder.node("\(name).sigmoid", .unary(.sigmoid), x)
      return try builder.node("\(name).mul", .binary(.mul), all, x)
    }
    return try addChoice(name, of: splits, by: x, groups: groups, to: &builder)
  }

  /// The sum of values, each times its part of a softmax over the values. `scores` are [N, groups * values * C / groups,
  /// 1, 1], the values of a group one after another.
  private func addChoice(
    _ name: String, of values: [ValueID], by scores: ValueID, groups: Int, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID {
    let channels = builder.channels(values[0])
    var x = try builder.reshape("\(name).scores", scores, [0, groups, values.count, channels / groups])
    x = try builder.node("\(name).softmax", .softmax(Softmax(axis: 2)), x)
    var weighed: [ValueID] = []
    for (index, value) in values.enumerated() {
      var factor = try builder.slice("\(name).factor.\(index)", x, start: index, count: 1, axis: 2)
      factor = try builder.reshape("\(name).channels.\(index)", factor, [0, channels, 1, 1])
      weighed.append(try builder.node("\(name).mul.\(index)", .binary(.mul), value, factor))
    }
    return try builder.sum("\(name).choice", weighed)
  }
}
