import FileIO
import ModelIR

/// A network of which names and order of layers stand in one place: what adds its stages to a graph also checks its
/// weights.
protocol LayeredConfiguration: NetworkConfiguration {
  /// The name of the final layer.
  var classifier: String { get }
  /// For the title of an error: `GoogLeNet`.
  static var kindName: String { get }

  /// Adds everything up to the last feature map, and gives back that of every stage.
  func addStages(
    _ image: ValueID, options: BuildOptions, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> [ValueID]

  /// Adds what stands between the last feature map and the final pool; nothing in most networks.
  func addNeck(
    _ x: ValueID, options: BuildOptions, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID

  /// Fails for options that the network does not have.
  func check(_ options: BuildOptions) throws(ScaleNetError)
}

extension LayeredConfiguration {
  func addNeck(
    _ x: ValueID, options: BuildOptions, to builder: inout LayerBuilder
  ) throws(ScaleNetError) -> ValueID { x }

  func check(_ options: BuildOptions) throws(ScaleNetError) {
    try options.requireNoResNetOptions(Self.kindName)
    try options.requireNoInputScaling(Self.kindName)
    try options.requireNoTensorFlowMargins(Self.kindName)
  }

  /// The network as a graph for one input size, as `NetworkConfiguration` has it.
  package func graph(_ weights: StateDict, options: BuildOptions = BuildOptions()) throws(ScaleNetError)
    -> Graph
  {
    try check(options)
    return try assemble(
      weights, options: options, classifier: classifier,
      addStages: { (builder, image) throws(ScaleNetError) in
        try addStages(image, options: options, to: &builder)
      },
      addNeck: { (builder, x) throws(ScaleNetError) in try addNeck(x, options: options, to: &builder) })
  }

  /// Builds the network to see whether all its weights are there and fit, and no others.
  ///
  /// - Throws: `weights` with all that is wrong.
  func checkWeights(_ weights: StateDict, source: String) throws(ScaleNetError) {
    var builder = LayerBuilder(name: displayName, weights: weights, isChecking: true)
    let size = InputSize.standard
    var problems: [WeightProblem]
    do throws(ScaleNetError) {
      let image = try builder.input(
        "input", TensorType(.float32, [1, .fixed(imageChannels), .fixed(size.height), .fixed(size.width)]))
      let stages = try addStages(image, options: BuildOptions(), to: &builder)
      let last = try addNeck(stages[stages.count - 1], options: BuildOptions(), to: &builder)
      if let classes {
        _ = try builder.weight("\(classifier).weight", [classes, builder.channels(last)])
        _ = try builder.weight("\(classifier).bias", [classes])
      }
      problems = builder.problems(isComplete: true)
    } catch {
      // What follows a weight that does not fit may not fit either.
      problems = builder.problems(isComplete: false)
      if problems.isEmpty { throw error.inFile(source) }
    }
    guard problems.isEmpty else {
      throw .weights(source: source, architecture: Self.kindName, problems: problems)
    }
  }
}

extension StateDict {
  /// The classes of a final layer of this name; nil if there is none.
  func classes(of classifier: String) -> Int? {
    guard let shape = self["\(classifier).weight"]?.shape else { return nil }
    return shape.rank > 0 ? shape[0] : nil
  }

  /// An extent of a weight; nil where there is none.
  func extent(_ key: String, _ axis: Int) -> Int? {
    guard let shape = self[key]?.shape, shape.rank > axis else { return nil }
    return shape[axis]
  }

  /// How many modules `prefix.0`, `prefix.1`, ... have a weight of this name.
  func moduleCount(_ prefix: String, _ suffix: String) -> Int {
    (0..<count).first { self["\(prefix).\($0).\(suffix)"] == nil } ?? count
  }
}
