import FileIO
import FoundationEssentials
public import ModelIR

/// A tensor's name and shape, as fixtures have them: `["fc.weight", [10, 512]]`.
public struct NamedShape: Decodable {
  public let name: String
  public let shape: [Int]

  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    name = try container.decode(String.self)
    shape = try container.decode([Int].self)
  }
}

extension Fixtures {
  /// The state dict of a `*.spec.json`: names and shapes are real, every element is 0.
  public static func shapeOnlyWeights(_ name: String) throws -> StateDict {
    let entries = try JSONDecoder().decode([NamedShape].self, from: Data(try bytes(name)))
    return try stateDict(entries.map { ($0.name, TensorShape($0.shape)) })
  }

  /// Tensors of zeros that share one element, so that the largest network takes no memory.
  public static func stateDict(_ shapes: [(String, TensorShape)]) throws -> StateDict {
    let zero = ByteRegion.copying([Int64(0)])
    var weights = StateDict()
    for (name, shape) in shapes {
      let type: DataType = name.hasSuffix("num_batches_tracked") ? .int64 : .float32
      weights.append(
        name,
        try Tensor(type, shape, storage: zero, strides: [Int](repeating: 0, count: shape.rank)))
    }
    return weights
  }
}
