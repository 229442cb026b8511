import Foundation
import Testing

/// One operator with its inputs and what PyTorch makes of them: see fixtures/tools/kernel_cases.py.
struct ReferenceCase: Decodable, CustomTestStringConvertible {
  struct Array: Decodable {
    let shape: [Int]
    let values: [Double]
  }

  struct Attributes: Decodable {
    var pads: [Int]?
    var strides: [Int]?
    var dilations: [Int]?
    var groups: Int?
    var kernel: [Int]?
    var countsPadding: Int?
    var mode: String?
    var coordinates: String?
    var transposesA: Int?
    var transposesB: Int?
    var axis: Int?
  }

  let name: String
  let `operator`: String
  let attributes: Attributes
  let inputs: [Array]
  let output: Array

  var testDescription: String { "\(`operator`) \(name)" }

  /// The fixtures, whose inputs are integers to be divided by 32.
  static let all: [ReferenceCase] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appending(path: "fixtures/kernels/cases.json")
    return try! JSONDecoder().decode([ReferenceCase].self, from: Data(contentsOf: file))
  }()
}
