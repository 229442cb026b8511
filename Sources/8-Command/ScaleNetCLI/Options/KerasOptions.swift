import ArgumentParser
import ScaleNetKit

/// How a Keras file is written.
struct KerasArguments: ParsableArguments {
  @Option(help: "The order of axes in the model: NHWC, or NCHW for TensorFlow on GPUs.")
  var dataFormat: KerasOptions.DataFormat?

  @Flag(help: "Write the weights alone, for model code of your own, and print a table of names.")
  var weightsOnly = false

  /// What the library is asked for.
  var options: KerasOptions {
    var options = KerasOptions()
    options.dataFormat = dataFormat
    options.weightsOnly = weightsOnly
    return options
  }
}
