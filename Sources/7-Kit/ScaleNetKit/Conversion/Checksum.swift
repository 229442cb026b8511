import COpenSSL
import FileIO
import ModelIR

// Safe: the library reads as many bytes as the region has, and writes 32, for which there is room.

/// SHA-256 of a file's bytes, in lower-case hexadecimal digits.
func sha256(of file: ByteRegion) throws(ScaleNetError) -> String {
  var digest = try SHA256()
  try file.withBytes { (bytes) throws(ScaleNetError) in try digest.add(bytes) }
  try file.checkIntact()
  return try digest.finished()
}

/// SHA-256 of what a graph computes, in lower-case hexadecimal digits: its nodes with all that they are told, the values
/// between them and the elements of its constants, wherever they are stored.
func sha256(of graph: Graph) throws(ScaleNetError) -> String {
  var digest = try SHA256()
  func name(_ id: ValueID?) -> String { id.map { graph[$0].name } ?? "" }
  func add(_ texts: [String]) throws(ScaleNetError) {
    // Each with its length, so that no two lists give the same bytes.
    let text = texts.map { "\($0.utf8.count):\($0)" }.joined() + "\n"
    let bytes = Array(text.utf8)
    unsafe try digest.add(bytes.span.bytes)
  }
  try add(["inputs"] + graph.inputs.map { "\(name($0)) \(graph[$0].type)" })
  try add(["outputs"] + graph.outputs.map { "\(name($0)) \(graph[$0].type)" })
  for node in graph.nodes {
    try add(["node", "\(node.op)"] + node.inputs.map(name) + ["outputs"] + node.outputs.map { name($0) })
  }
  for id in graph.initializers {
    guard let tensor = graph[id].initializer else { continue }
    try add(["constant", name(id), "\(graph[id].type)"])
    try tensor.streamBytes { (bytes) throws(ScaleNetError) in try digest.add(bytes) }
  }
  return try digest.finished()
}

/// SHA-256 of bytes that come in pieces, with the processor's own instructions.
private struct SHA256 {
  private var context = SHA256_CTX()

  init() throws(ScaleNetError) {
    guard unsafe scalenet_sha256_begin(&context) == 1 else { throw Self.failure }
  }

  mutating func add(_ bytes: RawSpan) throws(ScaleNetError) {
    let isDone = unsafe bytes.withUnsafeBytes { bytes in
      unsafe scalenet_sha256_add(&context, bytes.baseAddress, bytes.count) == 1
    }
    guard isDone else { throw Self.failure }
  }

  /// The digest in lower-case hexadecimal digits. Nothing can be added behind it.
  mutating func finished() throws(ScaleNetError) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    guard unsafe scalenet_sha256_finish(&digest, &context) == 1 else { throw Self.failure }
    return digest.map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }

  private static var failure: ScaleNetError {
    ScaleNetError(.internalFailure, reason: "libcrypto: SHA-256 is not available")
  }
}
