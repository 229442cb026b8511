import FileIO
import ZipArchive

/// What the program in an archive of TorchScript says of its classes: which attributes are parameters and buffers.
///
/// The program is text like Python's, one file for each class; only the lines with these lists are read, and nothing is
/// run. Source: what `torch/csrc/jit/serialization/python_print.cpp` writes.
struct ScriptClasses {
  private let archive: ZipReader
  private let stem: String
  /// More than the text of any class takes. It is let go once its names are read.
  private static let longestText = 16 << 20
  /// The members of each class, by file.
  private var files: [String: [String: [String]]] = [:]

  init(_ layout: ArchiveLayout) {
    archive = layout.archive
    stem = layout.stem
  }

  /// Whether a class is one of TorchScript.
  static func isScript(_ name: String) -> Bool { name.hasPrefix("__torch__.") }

  /// The names of a class's parameters, then those of its buffers; nil if there is no such class.
  mutating func members(of name: String) throws(ScaleNetError) -> [String]? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let file = stem + "code/" + name[..<dot].replacing(".", with: "/") + ".py"
    if files[file] == nil { files[file] = try read(file) }
    return files[file]?[String(name[name.index(after: dot)...])]
  }

  private func read(_ file: String) throws(ScaleNetError) -> [String: [String]] {
    guard let member = archive.member(named: file) else { return [:] }
    try archive.verify(member, ignoringZero: true)
    let contents = try archive.contents(of: member, budget: Self.longestText)
    let bytes = contents.withBytes { $0.array(0..<$0.byteCount) }
    var classes: [String: [String]] = [:]
    var current: String?
    for line in bytes.split(separator: 0x0a) {
      if line.starts(with: "class ".utf8) {
        let name = line.dropFirst(6).prefix { $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ":") }
        current = String(decoding: name, as: UTF8.self)
        classes[current!] = []
      } else if let current,
        line.starts(with: "  __parameters__ = [".utf8) || line.starts(with: "  __buffers__ = [".utf8)
      {
        // Names in quotes: every other part between quotes is one.
        let parts = line.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        classes[current]! += stride(from: 1, to: parts.count, by: 2).map {
          String(decoding: parts[$0], as: UTF8.self)
        }
      }
    }
    return classes
  }
}
