import FileIO
import HDF5
import ModelIR
import NumPyFormat
import PyTorchFormat
import SafetensorsFormat

extension FuzzTarget {
  func checkCheckpoint(_ file: ByteRegion) {
    guard PyTorchReader.recognizes(file) else { return }
    guard let weights = accepted({ () throws(ScaleNetError) in try PyTorchReader.read(file) }) else { return }
    // Checksums change nothing but whether the file is taken.
    _ = accepted { () throws(ScaleNetError) in try PyTorchReader.read(file, verifyChecksums: true) }
    guard Written.isSmall(weights) else { return }
    let copy = required("writing weights") { () throws(ScaleNetError) in
      try Written.file("weights.pth") { file throws(ScaleNetError) in
        try PyTorchWriter.write(weights, to: &file)
      }
    }
    let again = required("reading weights that were written") { () throws(ScaleNetError) in
      try PyTorchReader.read(copy, verifyChecksums: true)
    }
    expectSame(weights, again, "weights written and read")
    expect(weights.names == again.names, "weights written and read have another order")
  }

  func checkSafetensors(_ file: ByteRegion) {
    if ShardIndex.recognizes(file) { _ = accepted { () throws(ScaleNetError) in try ShardIndex(file) } }
    guard SafetensorsReader.recognizes(file) else { return }
    guard let weights = accepted({ () throws(ScaleNetError) in try SafetensorsReader.read(file) }) else {
      return
    }
    let metadata = required("metadata") { () throws(ScaleNetError) in try SafetensorsReader.metadata(file) }
    expect(metadata == weights.facts, "two readings of the metadata differ")
    guard Written.isSmall(weights) else { return }
    let copy = required("writing weights") { () throws(ScaleNetError) in
      try Written.file("weights.safetensors") { file throws(ScaleNetError) in
        try SafetensorsWriter.write(weights, metadata: metadata, to: &file)
      }
    }
    let again = required("reading weights that were written") { () throws(ScaleNetError) in
      try SafetensorsReader.read(copy)
    }
    expectSame(weights, again, "weights written and read")
    expect(again.facts == metadata, "metadata written and read differ")
  }

  func checkNumPy(_ file: ByteRegion) {
    guard NumPyReader.recognizes(file) else { return }
    if !NumPyReader.isArchive(file) {
      guard let array = accepted({ () throws(ScaleNetError) in try NumPyReader.array(file) }),
        array.byteCount <= Written.mostBytes
      else { return }
      let copy = required("writing an array") { () throws(ScaleNetError) in
        try Written.file("array.npy") { file throws(ScaleNetError) in
          try NumPyWriter.writeArray(array, to: &file)
        }
      }
      let isSame = required("reading an array that was written") { () throws(ScaleNetError) in
        try NumPyReader.array(copy).hasSameBits(as: array)
      }
      expect(isSame, "an array written and read differs")
      return
    }
    guard let arrays = accepted({ () throws(ScaleNetError) in try NumPyReader.archive(file) }) else { return }
    _ = accepted { () throws(ScaleNetError) in try NumPyReader.archive(file, verifyChecksums: true) }
    guard Written.isSmall(arrays) else { return }
    // Names that are no text in the archive can become one that no archive may have.
    let copy = accepted { () throws(ScaleNetError) in
      try Written.file("arrays.npz") { file throws(ScaleNetError) in
        try NumPyWriter.writeArchive(arrays, to: &file)
      }
    }
    guard let copy else { return }
    let again = required("reading arrays that were written") { () throws(ScaleNetError) in
      try NumPyReader.archive(copy, verifyChecksums: true)
    }
    expectSame(arrays, again, "arrays written and read")
  }

  func checkHDF5(_ file: ByteRegion) {
    guard HDF5File.recognizes(file) else { return }
    var walk = HDF5Walk(budget: file.count + (4 << 20))
    guard
      accepted({ () throws(ScaleNetError) in try walk.read(HDF5File(file).root(), depth: 0) }) != nil
    else { return }
    let tensors = walk.tensors.filter {
      [.float16, .float32, .float64].contains($0.dataType) && $0.shape.rank <= 32
    }
    guard !tensors.isEmpty, tensors.reduce(0, { $0 + $1.byteCount }) <= Written.mostBytes else { return }
    let copy = required("writing datasets") { () throws(ScaleNetError) in
      let layout = try HDF5Layout(path: "datasets.h5") { builder throws(ScaleNetError) in
        for (index, tensor) in tensors.enumerated() { try builder.createDataset("/group/\(index)", tensor) }
      }
      return try Written.file("datasets.h5") { file throws(ScaleNetError) in
        try layout.stream { bytes throws(ScaleNetError) in try file.write(bytes) }
      }
    }
    var budget = copy.count
    for (index, tensor) in tensors.enumerated() {
      let isSame = required("reading datasets that were written") { () throws(ScaleNetError) in
        try HDF5File(copy).root().dataset("group/\(index)").tensor(budget: &budget).hasSameBits(as: tensor)
      }
      expect(isSame, "a dataset written and read differs")
    }
  }
}

/// Everything in an HDF5 file, as far as it goes: groups may lead back to themselves.
private struct HDF5Walk {
  var budget: Int
  var tensors: [Tensor] = []
  private var groupCount = 0

  init(budget: Int) { self.budget = budget }

  mutating func read(_ group: HDF5Group, depth: Int) throws(ScaleNetError) {
    groupCount += 1
    for attribute in try group.attributes() {
      // Attributes that are no strings are refused, each by itself.
      _ = accepted { () throws(ScaleNetError) in try attribute.strings() }
    }
    for name in group.members where depth < 16 && groupCount < 200 && !name.contains("/") && !name.isEmpty {
      let isGroup = accepted { () throws(ScaleNetError) in try group.isGroup(name) }
      if isGroup == true, let child = accepted({ () throws(ScaleNetError) in try group.group(name) }) {
        _ = accepted { () throws(ScaleNetError) in try read(child, depth: depth + 1) }
      } else if isGroup == false,
        let dataset = accepted({ () throws(ScaleNetError) in try group.dataset(name) }),
        let tensor = accepted({ () throws(ScaleNetError) in
          try dataset.tensor(budget: &budget, opaque: .bfloat16)
        }),
        tensor.byteCount <= Written.mostBytes
      {
        tensors.append(tensor)
      }
    }
  }
}
