import Execution
package import FileIO
import Images
public import ModelIR
import NumPyFormat
import ONNXFormat
import RecordingFormat

/// The arrays that a model runs on, one for each of its inputs: one batch.
public struct InputArrays: Sendable {
  /// By the names of inputs. A single array without a name goes to the only input, whatever that is called.
  public private(set) var arrays: [NamedTensor]
  /// Where they come from, for reports and messages: `seed 0`, or paths.
  public private(set) var source: String
  /// Whether the names are those of inputs; otherwise there is one array.
  let areNamed: Bool
  /// Whether names come from a file that others wrote: a single array of any name will do for the only input, and what is
  /// of no input is left aside, with a note.
  let isArchive: Bool
  /// The files that the arrays are views of, which no output may replace.
  package private(set) var files: [ByteRegion] = []
  /// The files of single arrays that were given with a name each; others come from `source`.
  private var origins: [String: String] = [:]
  /// What was assumed of images, one sentence each.
  public private(set) var notes: [String] = []
  /// Images that become arrays when it is known what the model takes, each with the place of its array.
  private var images: [(index: Int, file: ByteRegion)] = []

  /// Arrays in memory by the names of inputs.
  public init(_ arrays: [String: Tensor], source: String = "memory") {
    self.arrays = arrays.sorted { $0.key < $1.key }.map { NamedTensor(name: $0.key, tensor: $0.value) }
    self.source = source
    areNamed = true
    isArchive = false
  }

  /// An array in memory for the only input of a model.
  public init(_ array: Tensor, source: String = "memory") {
    arrays = [NamedTensor(name: "array", tensor: array)]
    self.source = source
    areNamed = false
    isArchive = false
  }

  private init(
    _ arrays: [NamedTensor], source: String, areNamed: Bool, isArchive: Bool = false, file: ByteRegion
  ) {
    self.arrays = arrays
    self.source = source
    self.areNamed = areNamed
    self.isArchive = isArchive
    files = [file]
  }

  /// An image, whose array is made when it is known what the model takes.
  private init(image file: ByteRegion, name: String, source: String) {
    arrays = [NamedTensor(name: name, tensor: .zeros(shape: [0]))]
    self.source = source
    areNamed = false
    isArchive = false
    files = [file]
    images = [(0, file)]
  }

  /// The same with images as arrays of one image each, as the model takes them.
  ///
  /// - Parameters:
  ///   - model: the path of the model, which is opened only if there are images.
  ///   - opening: how the model is opened.
  ///   - options: how images are brought to it.
  /// - Throws: if the model takes no images, or an image can't be read.
  public func preparingImages(
    for model: String, _ opening: OpeningOptions = OpeningOptions(), _ options: ImageOptions = ImageOptions()
  ) throws(ScaleNetError) -> InputArrays {
    guard !images.isEmpty else { return self }
    let opened = try Model.open(model, opening, forImages: options)
    let metadata = try opened.imageMetadata()
    var graph = options.graph
    graph.inputSize = graph.inputSize ?? options.preprocessing.crop
    if case .weights = opened.content { graph.inputSize = graph.inputSize ?? metadata.preprocessing.crop }
    let input = try ImageInput(try opened.graph(graph), metadata: metadata, options: options, path: model)
    var result = self
    for (index, file) in images {
      let image = try Image(decoding: file, options: input.decoding)
      let tensor = input.tensor([try input.elements(of: image)], batch: input.batch ?? 1)
      result.arrays[index] = NamedTensor(name: arrays[index].name, tensor: tensor)
    }
    result.images = []
    result.notes += input.notes
    return result
  }

  /// Fails if there are images still, where nobody knows how they are brought to a model.
  func checkNoImages() throws(ScaleNetError) {
    guard let (index, _) = images.first else { return }
    throw .invalidOption(
      "input", expected: "arrays; images go to run, predict, eval and diff --images",
      found: "the image \(arrays[index].name.escapedForMessage)")
  }

  /// An array for the only input; nil if there are names.
  var only: Tensor? { areNamed ? nil : arrays.first?.tensor }

  /// Reads arrays: `.npy`, `.npz`, or the JSON of `polygraphy run --save-inputs`.
  ///
  /// A file is a batch of its own; Polygraphy's is one an iteration. Of `name=x.npy`, the array is the input `name`, and
  /// arrays of other names that follow belong to the same batch. A path that exists is taken whole, and `-` is standard
  /// input.
  public static func read(_ arguments: [String]) throws(ScaleNetError) -> [InputArrays] {
    var batches: [InputArrays] = []
    // Whether the last batch is one of named arrays, which more may join.
    var isOpen = false
    for argument in arguments {
      let (name, path) = split(argument)
      let read = try readFile(path)
      guard let name else {
        batches += read
        isOpen = false
        continue
      }
      guard read.count == 1, read[0].arrays.count == 1 else {
        throw .invalidOption(
          "input", expected: "a file of one array behind a name",
          found: "\(read.reduce(0) { $0 + $1.arrays.count }) arrays in \(argument.escapedForMessage)")
      }
      let array = NamedTensor(name: name, tensor: read[0].arrays[0].tensor)
      if isOpen, !batches[batches.count - 1].arrays.contains(where: { $0.name == name }) {
        if let image = read[0].images.first {
          batches[batches.count - 1].images.append((batches[batches.count - 1].arrays.count, image.file))
        }
        batches[batches.count - 1].arrays.append(array)
        batches[batches.count - 1].source += ", \(path)"
        batches[batches.count - 1].files += read[0].files
      } else {
        batches.append(InputArrays([array], source: path, areNamed: true, file: read[0].files[0]))
        batches[batches.count - 1].images = read[0].images
        isOpen = true
      }
      batches[batches.count - 1].origins[name] = path
    }
    return batches
  }

  /// Reads the arrays of one batch.
  public static func readBatch(_ arguments: [String]) throws(ScaleNetError) -> InputArrays {
    let batches = try read(arguments)
    var names = Set<String>()
    for array in batches.flatMap({ $0.areNamed ? $0.arrays : [] }) where !names.insert(array.name).inserted {
      throw .invalidOption(
        "input", expected: "one array for \(array.name.escapedForMessage)", found: "two")
    }
    guard batches.count <= 1 else {
      throw .invalidOption(
        "input", expected: "names for all arrays of one batch (name=x.npy)",
        found: "\(batches.count) batches")
    }
    return batches.first ?? InputArrays([:])
  }

  /// A name before `=`, and the path behind it.
  private static func split(_ argument: String) -> (name: String?, path: String) {
    guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex,
      FileIdentity.of(path: argument) == nil
    else { return (nil, argument) }
    return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
  }

  private static func readFile(_ path: String) throws(ScaleNetError) -> [InputArrays] {
    let isStandardInput = path == StandardStreams.path
    let file = isStandardInput ? try StandardStreams.region() : try ByteRegion.map(path: path)
    let path = isStandardInput ? StandardStreams.inputName : path
    if NumPyReader.recognizes(file) {
      let (arrays, isArchive) = try readNumPy(file, path: path)
      return [InputArrays(arrays, source: path, areNamed: isArchive, isArchive: isArchive, file: file)]
    }
    if ImageFormat.detect(file)?.isSupported == true {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      return [InputArrays(image: file, name: name, source: path)]
    }
    guard RecordingKind(file) == .polygraphyInputs else {
      throw .unknownFormat(
        path: path,
        expected:
          "an array file of numpy (.npy, .npz), a JPEG or PNG image, or JSON of polygraphy run --save-inputs",
        found: Model.describe(file))
    }
    return try PolygraphyRecording.readInputs(file).batches.map { batch in
      InputArrays(
        batch.entries.map { NamedTensor(name: $0.name, tensor: $0.tensor) }, source: path, areNamed: true,
        isArchive: true, file: file)
    }
  }

  /// The arrays of a `.npy` or `.npz` file in its order; a single array has the name of its file.
  static func readNumPy(
    _ file: ByteRegion, path: String
  ) throws(ScaleNetError) -> (arrays: [NamedTensor], isArchive: Bool) {
    // An array file begins with another byte, an archive with P of PK.
    let first = file.withBytes { bytes in
      bytes.byteCount > 0 ? bytes.byte(at: 0) : 0
    }
    guard first == UInt8(ascii: "P") else {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let stem = name.hasSuffix(".npy") && name.utf8.count > 4 ? String(name.dropLast(4)) : name
      return ([NamedTensor(name: stem, tensor: try NumPyReader.array(file))], false)
    }
    // They are read whole anyway.
    let arrays = try NumPyReader.archive(file, verifyChecksums: true).entries.map {
      NamedTensor(name: $0.name, tensor: $0.tensor)
    }
    if arrays.isEmpty { throw .unknownFormat(path: path, expected: "at least one array", found: "none") }
    return (arrays, true)
  }
}

extension InputArrays {
  /// An error about one of the arrays names its file; the model that it was given to stands behind the input's name.
  ///
  /// - Parameter model: the path of the model.
  func blamed(for error: ScaleNetError, of model: String) -> ScaleNetError {
    guard !files.isEmpty, error.path == nil || error.path == model, error.kind != .cancelled,
      let place = error.places.first
    else { return error }
    let parts = place.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, ["array", "input"].contains(parts[0]) else { return error }
    var blamed = error
    let origin = origins.first { $0.key.escapedForMessage == parts[1] }?.value
    blamed.path = origin ?? source
    blamed.places[0] += " of \(model.escapedForMessage)"
    return blamed
  }
}
