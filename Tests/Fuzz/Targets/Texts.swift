import Architectures
import FileIO
import Images
import JSONText
import ModelIR
import RecordingFormat
import SafetensorsFormat
import ZipArchive

extension FuzzTarget {
  func checkJSON(_ file: ByteRegion) {
    _ = ShardIndex.recognizes(file)
    let text = file.array()
    let lenient = accepted { () throws(ScaleNetError) in try JSONParser.parse(text, allowsNonFinite: true) }
    guard let value = accepted({ () throws(ScaleNetError) in try JSONParser.parse(text) }) else { return }
    expect(lenient == value, "what is JSON is read differently where more is allowed")
    let again = required("parsing JSON that was written") { () throws(ScaleNetError) in
      try JSONParser.parse(Array(value.text.utf8))
    }
    expect(again == value, "JSON written and read differs: \(value.text)")
  }

  func checkStructure(_ bytes: [UInt8]) {
    let structure = accepted { () throws(ScaleNetError) in try Structure(json: bytes, path: Self.origin) }
    guard let structure else { return }
    let again = required("parsing a structure that was written") { () throws(ScaleNetError) in
      try Structure(json: Array(structure.json.utf8), path: Self.origin)
    }
    expect(again == structure, "a structure written and read differs")
  }

  func checkRecording(_ file: ByteRegion) {
    guard let kind = RecordingKind(file) else { return }
    let recording = accepted { () throws(ScaleNetError) -> Recording? in
      switch kind {
      case .trtexec: try TensorRTRecording.read(file)
      case .polygraphy: try PolygraphyRecording.read(file)
      case .polygraphyInputs: try PolygraphyRecording.readInputs(file)
      case .structure, .otherJSON: nil
      }
    }
    guard let recording = recording ?? nil, recording.batches.allSatisfy(Written.isSmall) else { return }
    let copy = required("writing inputs") { () throws(ScaleNetError) in
      try Written.file("inputs.json") { file throws(ScaleNetError) in
        try PolygraphyWriter.writeInputs(recording.batches, to: &file)
      }
    }
    // Nothing at all is no recording.
    guard recording.batches.contains(where: { $0.count > 0 }) else { return }
    let again = required("reading inputs that were written") { () throws(ScaleNetError) in
      try PolygraphyRecording.readInputs(copy)
    }
    expect(again.batches.count == recording.batches.count, "another number of batches was read than written")
    for (left, right) in zip(recording.batches, again.batches) {
      expectSame(left, right, "inputs written and read")
    }
  }

  func checkArchive(_ file: ByteRegion) {
    guard let archive = accepted({ () throws(ScaleNetError) in try ZipReader(file) }) else { return }
    var members: [(name: String, contents: [UInt8])] = []
    for member in archive.members {
      let contents = accepted { () throws(ScaleNetError) in
        try archive.contents(of: member, budget: 4 << 20)
      }
      _ = accepted { () throws(ScaleNetError) in try archive.verify(member) }
      guard let contents else { continue }
      let name = archive.name(of: member)
      // A name that is no text is not the same again.
      guard archive.member(named: name)?.index == member.index else { continue }
      let bytes = contents.array()
      members.append((name, bytes))
    }
    guard members.reduce(0, { $0 + $1.contents.count }) <= Written.mostBytes else { return }
    let copy = required("writing an archive") { () throws(ScaleNetError) in
      try Written.file("archive.zip") { file throws(ScaleNetError) in
        var writer = ZipWriter(file)
        for member in members { try writer.add(member.name, member.contents, to: &file) }
        try writer.finish(&file)
      }
    }
    required("reading an archive that was written") { () throws(ScaleNetError) in
      let again = try ZipReader(copy)
      expect(again.members.count == members.count, "another number of members was read than written")
      for (member, expected) in zip(again.members, members) {
        try again.verify(member)
        let contents = try again.contents(of: member, budget: 0)
        expect(again.name(of: member) == expected.name, "'\(expected.name)' has another name")
        expectSame(contents, .copying(expected.contents), "member '\(expected.name)' written and read")
      }
    }
  }

  func checkImage(_ file: ByteRegion) {
    let options = Image.DecodingOptions(pixelLimit: 1 << 18, background: .black)
    let decoded = accepted { () throws(ScaleNetError) in try Image(decoding: file, options: options) }
    guard let image = decoded else { return }
    expect(
      image.width * image.height <= 1 << 18, "an image of \(image.width) x \(image.height) passed the limit")
    let again = required("an image that was written") { () throws(ScaleNetError) in
      try Image(decoding: .copying(image.pngData()))
    }
    expect(again == image, "an image written and read differs")
  }
}
