import FileIO
import RecordingFormat
import ZipArchive

/// Says of a file that is no model what it is, and what to do, as far as its first bytes tell.
struct FileDescription {
  /// First bytes, what files that begin so are, and what to do with them.
  private static let kinds: [(offset: Int, bytes: [UInt8], words: String)] = [
    (
      0, Array("version https://git-lfs.github.com/spec/".utf8),
      "a Git LFS pointer in place of the file: fetch the file itself with git lfs pull"
    ),
    (0, [0x1f, 0x8b], "a file that gzip has compressed: unpack it with gunzip"),
    (0, Array("BZh".utf8), "a file that bzip2 has compressed: unpack it with bunzip2"),
    (0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "a file that xz has compressed: unpack it with unxz"),
    (0, [0x28, 0xb5, 0x2f, 0xfd], "a file that zstd has compressed: unpack it with unzstd"),
    (0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7-Zip archive: unpack it and give the file within"),
    (0, Array("Rar!".utf8), "a RAR archive: unpack it and give the file within"),
    (257, Array("ustar".utf8), "a tar archive: unpack it with tar -xf and give the file within"),
    (0, [0x89, 0x50, 0x4e, 0x47], "a PNG image: give a model, not an image"),
    (0, [0xff, 0xd8, 0xff], "a JPEG image: give a model, not an image"),
    (0, Array("GIF8".utf8), "a GIF image: give a model, not an image"),
    (0, Array("%PDF".utf8), "a PDF document: give a model"),
    (0, Array("GGUF".utf8), "a GGUF file of a language model, which is not read"),
    (
      4, Array("TFL3".utf8),
      "a TensorFlow Lite model, which is not read: convert the Keras model it was made of"
    ),
    (0, [0x7f, 0x45, 0x4c, 0x46], "a program or a library: give a model"),
  ]
  /// Beginnings of pages, in lower case.
  private static let pages = ["<!doctype html", "<html", "<?xml", "<head", "<error"]

  /// A few words on the file.
  static func of(_ file: ByteRegion) -> String {
    if file.count == 0 { return "an empty file: was its download cut off?" }
    if let kind = RecordingKind(file) { return kind.displayName }
    let start = file.withBytes { bytes in bytes.array(0..<min(512, bytes.byteCount)) }
    if let kind = kinds.first(where: { start.dropFirst($0.offset).starts(with: $0.bytes) }) {
      return kind.words
    }
    let text = String(decoding: start, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{feff}" }
      .lowercased()
    if pages.contains(where: { text.hasPrefix($0) }) {
      return
        "a web page in place of the file: download the file itself (a link to it may want a login, or end in "
        + "?download=true)"
    }
    if ZipReader.recognizes(file) { return archive(file) }
    if start[0] == 0x80, start.count > 1, (2...5).contains(start[1]) {
      return
        "a plain pickle of Python, not of torch.save: load it in Python and save the weights with torch.save or "
        + "safetensors"
    }
    let digits = start.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    return "\(file.count) bytes that begin with \(digits)"
  }

  private static func archive(_ file: ByteRegion) -> String {
    guard let archive = try? ZipReader(file) else { return "a damaged zip archive: is it complete?" }
    let names = archive.members.prefix(3).map { archive.name(of: $0).escapedForMessage }
    return
      "a zip archive of \(archive.members.count) files that is no model (\(names.joined(separator: ", "))): unpack it "
      + "and give the file within"
  }
}
