import FileIO
import ModelIR
import ONNXFormat

extension ConversionOptions {
  /// The format that is written to a path.
  func format(of path: String) throws(ScaleNetError) -> FileFormat {
    guard let format = format ?? FileFormat.forExtension(of: path) else {
      throw .invalidOption(
        "output", expected: "a name that ends in .onnx, .h5, .keras, .pth, .safetensors or .npz",
        found: path.escapedForMessage
      ).advising(.setFormat)
    }
    guard format.isWritable else {
      throw .invalidOption("format", expected: "a format of models", found: format.displayName)
    }
    return format
  }

  /// Fails if something is asked for that a file of this format, or another option, leaves no room for. All options are
  /// looked at here and nowhere else; whether the input can follow those of its graph is for `Model.graph` to say.
  func check(_ format: FileFormat, _ path: String) throws(ScaleNetError) {
    let output = path.escapedForMessage
    let onnxOptions = onnx.given + (checksum ? ["checksum"] : [])
    let graphOptions =
      graph.given + onnxOptions + keras.given + (dataType ?? .float32 == .float32 ? [] : ["dataType"])
      + (foldBatchNormalization == nil ? [] : ["foldBatchNormalization"]) + (halfIO ? ["halfIO"] : [])
      + (keepFloat32.isEmpty ? [] : ["keepFloat32"])
      + (preprocessing == nil ? [] : ["preprocess"]) + (labels == nil ? [] : ["labels"])
    try graph.check()
    try Limits.check(threads, Limits.threads, "threads")
    try onnx.check()
    if let dataType, ![.float32, .float16, .bfloat16].contains(dataType) {
      throw .invalidOption("dataType", expected: "float32, float16 or bfloat16", found: dataType.rawValue)
    }
    let isHalf = dataType == .float16 || dataType == .bfloat16
    for (option, isGiven) in [("halfIO", halfIO), ("keepFloat32", !keepFloat32.isEmpty)]
    where isGiven && !isHalf {
      throw .invalidOption(
        option, expected: "the data type float16 or bfloat16", found: (dataType ?? .float32).rawValue)
    }
    if ownNames, [.onnx, .keras].contains(format) {
      throw .invalidOption("ownNames", expected: "an output that holds weights alone", found: output)
    }
    switch format {
    case .onnx:
      if let option = keras.given.first {
        throw .invalidOption(option, expected: "a Keras output", found: output)
      }
    case .keras:
      if keras.weightsOnly, let option = preprocessing != nil ? "preprocess" : labels != nil ? "labels" : nil
      {
        throw .invalidOption(option, expected: "a whole Keras model", found: "weights alone")
      }
      if halfIO {
        throw .invalidOption("halfIO", "Keras's mixed_float16 keeps inputs and outputs in float32")
      }
      if let option = onnxOptions.first {
        throw .invalidOption(option, expected: "an ONNX output", found: output)
      }
    case .pytorch, .safetensors, .numpy, .trtexec, .polygraphy, .builtIn:
      if let option = graphOptions.first {
        throw .invalidOption(option, expected: "an output that holds a graph", found: output)
      }
    }
  }
}

extension ONNXOptions {
  /// The names of the options that are asked for.
  fileprivate var given: [String] {
    (opset == nil ? [] : ["opset"]) + (irVersion == nil ? [] : ["irVersion"])
      + (externalData == nil ? [] : ["externalData"])
  }

  /// What the writer is told.
  var writerOptions: ONNXWriter.Options {
    var options = ONNXWriter.Options(irVersion: irVersion, producerVersion: ToolVersion.current)
    if let opset { options.opset = opset }
    switch externalData {
    case .auto, nil: options.externalData = .automatic
    case .always: options.externalData = .always
    case .never: options.externalData = .never
    }
    return options
  }

  /// Fails if there is no such version.
  fileprivate func check() throws(ScaleNetError) {
    let options = writerOptions
    let opsets = ONNXWriter.Options.opsets
    guard opsets.contains(options.opset) else {
      throw .invalidOption(
        "opset", expected: "\(opsets.lowerBound) to \(opsets.upperBound)", found: "\(options.opset)")
    }
    let versions = ONNXWriter.Options.irVersions(opset: options.opset)
    guard versions.contains(options.effectiveIRVersion) else {
      throw .invalidOption(
        "irVersion",
        expected: "\(versions.lowerBound) to \(versions.upperBound) for opset \(options.opset)",
        found: "\(options.effectiveIRVersion)")
    }
  }
}

extension KerasOptions {
  /// The names of the options that are asked for.
  fileprivate var given: [String] {
    (dataFormat == nil ? [] : ["dataFormat"]) + (weightsOnly ? ["weightsOnly"] : [])
  }
}
