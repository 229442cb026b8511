import Comparison
import FileIO
import ModelIR
import NumPyFormat
import RecordingFormat

/// The inputs of all batches as one model's file takes them.
struct InputSet {
  private let model: String
  private let batches: [StateDict]
  private let layouts: [String]

  init(_ batches: [[ComparisonInput]], isLeft: Bool, model: String) {
    self.model = model
    self.batches = batches.map { batch in
      var arrays = StateDict()
      for input in batch {
        let layout = isLeft ? input.layout : input.otherLayout
        // The names of a graph's inputs differ.
        arrays.append(
          isLeft ? input.name : input.otherName ?? input.name,
          layout == "NHWC" && input.tensor.shape.rank == 4
            ? input.tensor.transposed([0, 2, 3, 1]) : input.tensor)
      }
      return arrays
    }
    layouts = batches.first?.map { isLeft ? $0.layout : $0.otherLayout } ?? []
  }

  /// Whether the other's files would be the same.
  func isLike(_ other: InputSet) -> Bool {
    layouts == other.layouts && batches.map(\.names) == other.batches.map(\.names)
  }

  var isONNX: Bool { model.lowercased().hasSuffix(".onnx") }

  /// What `write` writes.
  func paths(in folder: String) -> [String] {
    archives(in: folder) + ["\(folder)/polygraphy_inputs.json"] + raw(in: folder).flatMap { $0 }
  }

  /// `inputs.npz`, or one for each of several batches.
  private func archives(in folder: String) -> [String] {
    batches.indices.map { batches.count == 1 ? "\(folder)/inputs.npz" : "\(folder)/inputs.\($0).npz" }
  }

  /// A file for each input of each batch.
  private func raw(in folder: String) -> [[String]] {
    batches.enumerated().map { number, batch in
      let names = batch.names.map(Self.fileName)
      return names.enumerated().map { index, name in
        let isUnique = names.count { $0 == name } == 1
        return "\(folder)/\(isUnique ? name : "\(index)_\(name)").\(number).bin"
      }
    }
  }

  /// The name with everything that could mean something in a path or a shell replaced.
  private static func fileName(_ name: String) -> String {
    let safe = String(
      name.unicodeScalars.map { scalar -> Character in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || "._-".unicodeScalars.contains(scalar))
          ? Character(scalar) : "_"
      }.prefix(150))
    return safe.hasPrefix(".") || safe.isEmpty ? "_" + safe : safe
  }

  /// Adds the files to those that will appear together.
  func write(to folder: String, _ outputs: OutputSet) throws(ScaleNetError) {
    for (path, batch) in zip(archives(in: folder), batches) {
      var file = try outputs.create(path)
      try NumPyWriter.writeArchive(batch, to: &file)
      try outputs.add(file)
    }
    var recording = try outputs.create("\(folder)/polygraphy_inputs.json")
    try PolygraphyWriter.writeInputs(batches, to: &recording)
    try outputs.add(recording)
    for (paths, batch) in zip(raw(in: folder), batches) {
      for (path, entry) in zip(paths, batch.entries) {
        var file = try outputs.create(path)
        do throws(ScaleNetError) {
          try entry.tensor.streamBytes { (bytes) throws(ScaleNetError) in try file.write(bytes) }
        } catch {
          throw .tensor(path: path, name: entry.name, error)
        }
        try outputs.add(file)
      }
    }
  }

  /// Lines that run the model, or one converted to ONNX, on the files. TensorRT reads no model with NHWC images of
  /// its own, so such a side has none.
  func commands(in folder: String) -> [String] {
    guard !layouts.contains("NHWC") else { return [] }
    let model = (isONNX ? self.model : "MODEL.onnx").shellQuoted
    let runs = zip(raw(in: folder), batches).enumerated().map { number, run in
      let (paths, batch) = run
      let shapes = batch.entries.map { entry in
        "\(entry.name):" + entry.tensor.shape.dimensions.map(String.init).joined(separator: "x")
      }
      let files = zip(batch.names, paths).map { "\($0):\($1)" }
      return "trtexec --onnx=\(model) --shapes=\(shapes.joined(separator: ",").shellQuoted) "
        + "--loadInputs=\(files.joined(separator: ",").shellQuoted) "
        + "--exportOutput=\("\(folder)/trtexec.\(number).json".shellQuoted)"
    }
    let polygraphy =
      "polygraphy run \(model) --trt --load-inputs \("\(folder)/polygraphy_inputs.json".shellQuoted) "
      + "--save-outputs \("\(folder)/polygraphy_outputs.json".shellQuoted)"
    return runs + [polygraphy]
  }
}
