import FileIO
import ModelIR

extension NetworkConfiguration {
  /// A graph of input, the stages that `addStages` adds, and the head that the options ask for.
  ///
  /// - Parameter classifier: the name of the final layer.
  /// - Parameter addStages: gets the image and gives back the feature map of every stage.
  /// - Parameter addNeck: what stands between the last of them and the final pool.
  func assemble(
    _ weights: StateDict, options: BuildOptions, classifier: String,
    addStages: (inout LayerBuilder, ValueID) throws(ScaleNetError) -> [ValueID],
    addNeck: (inout LayerBuilder, ValueID) throws(ScaleNetError) -> ValueID = {
      (_, x) throws(ScaleNetError) in x
    }
  ) throws(ScaleNetError) -> Graph {
    if options.softmax {
      guard !options.features, classes != nil else {
        throw .unsupportedOption(
          option: "softmax",
          reason: options.features ? "feature maps have no classes" : "there is no \(classifier) layer")
      }
    }
    try check(options.inputSize)
    var builder = LayerBuilder(name: displayName, weights: weights)
    let size = options.inputSize
    let image = try builder.input(
      options.inputName,
      TensorType(
        .float32, [options.batch, .fixed(imageChannels), .fixed(size.height), .fixed(size.width)]))
    let stages = try addStages(&builder, image)
    if options.features {
      for (stage, id) in stages.enumerated() { try builder.rename(id, to: "layer\(stage + 1)") }
      builder.setOutputs(stages)
    } else {
      let last = try addNeck(&builder, stages[stages.count - 1])
      builder.setOutputs([
        try addHead(last, to: &builder, options: options, classifier: classifier)
      ])
    }
    let graph = builder.graph
    try graph.validate()
    return graph
  }

  private func addHead(
    _ features: ValueID, to builder: inout LayerBuilder, options: BuildOptions, classifier: String
  ) throws(ScaleNetError) -> ValueID {
    var x = try builder.node("avgpool", .globalPool(.average), features)
    x = try builder.node("flatten", .flatten(Flatten()), x)
    if classes != nil {
      x = try builder.node(
        classifier, .gemm(Gemm(transB: true)), x, try builder.matrix("\(classifier).weight"),
        try builder.weight("\(classifier).bias"))
    }
    if options.softmax { x = try builder.node("softmax", .softmax(Softmax(axis: 1)), x) }
    try builder.rename(x, to: options.outputName)
    return x
  }
}
