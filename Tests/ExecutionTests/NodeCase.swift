import FileIO
import Foundation
import ModelIR
import TestSupport

/// A node with inputs and the outputs that somebody else computed: `fixtures/operators/nodes.json`.
struct NodeCase: Sendable, CustomStringConvertible {
  let name: String
  let op: String
  let opset: Int
  let attributes: [String: Attribute]
  let inputs: [Tensor?]
  /// Nil for outputs that are left out.
  let outputs: [Tensor?]
  /// Who computed them.
  let source: String

  var description: String { name }

  enum Attribute: Sendable {
    case integer(Int)
    case real(Double)
    case text(String)
    case integers([Int])
    case reals([Double])
    case texts([String])
    case tensor(Tensor)
  }

  func int(_ name: String) -> Int? { if case .integer(let value)? = attributes[name] { value } else { nil } }
  func int(_ name: String, _ other: Int) -> Int { int(name) ?? other }
  func flag(_ name: String, _ other: Bool = false) -> Bool { int(name).map { $0 != 0 } ?? other }
  func text(_ name: String, _ other: String) -> String {
    if case .text(let value)? = attributes[name] { value } else { other }
  }
  func ints(_ name: String) -> [Int]? {
    if case .integers(let value)? = attributes[name] { value } else { nil }
  }
  func float(_ name: String, _ other: Float) -> Float {
    switch attributes[name] {
    case .real(let value): Float(value)
    case .integer(let value): Float(value)
    default: other
    }
  }

  static let all: [NodeCase] = {
    do { return try load() } catch { fatalError("fixtures/operators/nodes.json: \(error)") }
  }()

  struct Malformed: Error {
    let what: String
  }

  private static func load() throws -> [NodeCase] {
    let text = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("operators/nodes.json")))
    let bytes = try Fixtures.bytes("operators/nodes.bin")
    guard let file = try JSONSerialization.jsonObject(with: text) as? [String: Any],
      let arrays = file["arrays"] as? [[String: Any]], let cases = file["cases"] as? [[String: Any]]
    else { throw Malformed(what: "top level") }
    let tensors = try arrays.map { array -> Tensor in
      guard let name = array["type"] as? String, let type = DataType(rawValue: name),
        let extents = array["shape"] as? [Int], let offset = array["offset"] as? Int
      else { throw Malformed(what: "\(array)") }
      let shape = TensorShape(extents)
      return try Tensor(
        type, shape, storage: .copying(Array(bytes[offset..<offset + shape.elementCount * type.byteCount])))
    }
    return try cases.map { item in
      guard let name = item["name"] as? String, let op = item["op"] as? String,
        let opset = item["opset"] as? Int, let source = item["source"] as? String,
        let inputs = item["inputs"] as? [Any], let outputs = item["outputs"] as? [Any],
        let attributes = item["attributes"] as? [String: Any]
      else { throw Malformed(what: "\(item)") }
      return NodeCase(
        name: name, op: op, opset: opset,
        attributes: try attributes.mapValues { try attribute($0, tensors) },
        inputs: inputs.map { ($0 as? Int).map { tensors[$0] } },
        outputs: outputs.map { ($0 as? Int).map { tensors[$0] } }, source: source)
    }
  }

  private static func attribute(_ value: Any, _ tensors: [Tensor]) throws -> Attribute {
    if let text = value as? String { return .text(text) }
    if let texts = value as? [String], !texts.isEmpty { return .texts(texts) }
    if let whole = value as? Int { return .integer(whole) }
    if let real = value as? Double { return .real(real) }
    if let list = value as? [Int] { return .integers(list) }
    if let list = value as? [Double] { return .reals(list) }
    if let object = value as? [String: Int], let number = object["array"] { return .tensor(tensors[number]) }
    throw Malformed(what: "attribute \(value)")
  }
}
