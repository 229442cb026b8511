import ArgumentParser

/// How a Keras file is written.
struct KerasOptions: ParsableArguments {
  enum DataFormat: String, ExpressibleByArgument, CaseIterable {
    case channelsLast = "channels_last"
    case channelsFirst = "channels_first"
  }

  @Option(help: "The order of axes in the model: NHWC, or NCHW for TensorFlow on GPUs.")
  var dataFormat: DataFormat?

  @Flag(help: "Write the weights alone, for model code of your own, and print a table of names.")
  var weightsOnly = false

  /// The options that were given, by name.
  var explicit: [String] {
    (dataFormat == nil ? [] : ["--data-format"]) + (weightsOnly ? ["--weights-only"] : [])
  }
}
