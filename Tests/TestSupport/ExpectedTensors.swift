import FoundationEssentials
public import ModelIR

extension Fixtures {
  /// What a reader must find, as `fixtures/tools/expected.py` writes it: a line each of name, element type, shape and
  /// CRC-32 of the row-major little-endian bytes.
  public static func expectedTensors(_ name: String) throws -> [String] {
    String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The same lines for tensors that were read.
  public static func lines(_ stateDict: StateDict) throws -> [String] {
    try stateDict.entries.map { try line($0.name, $0.tensor) }
  }

  public static func line(_ name: String, _ tensor: Tensor) throws -> String {
    let shape = tensor.shape.dimensions.map(String.init).joined(separator: "x")
    let checksum = String(CyclicRedundancyCheck.checksum(try tensor.bytes()), radix: 16)
    let padding = String(repeating: "0", count: 8 - checksum.count)
    return "\(name) \(tensor.dataType.rawValue) \(shape.isEmpty ? "scalar" : shape) \(padding)\(checksum)"
  }
}
