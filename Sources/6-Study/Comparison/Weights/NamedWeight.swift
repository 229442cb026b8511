import Execution
import FileIO
import ModelIR

/// A parameter in Double, in the layout that all formats are compared in: OIHW, and [outputs, inputs].
struct NamedWeight {
  var name: String
  var elements: [Double]
  var shape: [Int]

  init(name: String, elements: [Double], shape: [Int]) {
    (self.name, self.elements, self.shape) = (name, elements, shape)
  }

  /// A parameter of a node; nil if that input is none.
  init?(_ graph: Graph, _ node: Node, _ input: Int) throws(ScaleNetError) {
    guard input < node.inputs.count, let id = node.inputs[input], var tensor = graph.initializer(id),
      tensor.dataType.isFloatingPoint
    else { return nil }
    if case .gemm(let gemm) = node.op, input == 1, !gemm.transB, tensor.shape.rank == 2 {
      tensor = tensor.transposed([1, 0])
    }
    name = graph[id].name
    shape = tensor.shape.dimensions
    do throws(ScaleNetError) { elements = try tensor.doubles() } catch {
      throw .unreadableInitializer(name: graph[id].name, error: error)
    }
  }

  /// The order of axes that makes this weight the other, exactly; nil if there is none.
  func transposition(giving other: NamedWeight) -> [Int]? {
    let orders =
      shape.count == 2 ? [[1, 0]] : shape.count == 4 ? [[0, 1, 3, 2], [1, 0, 2, 3], [1, 0, 3, 2]] : []
    let tensor = Tensor(elements, shape: TensorShape(shape))
    return orders.first { order in
      order.map { shape[$0] } == other.shape && (try? tensor.transposed(order).doubles()) == other.elements
    }
  }

  /// The half type that both are equal in, if one of them holds nothing finer.
  func halfType(of other: NamedWeight) -> DataType? {
    [DataType.float16, .bfloat16].first { type in
      func rounded(_ elements: [Double]) -> [Float]? {
        try? Tensor(elements.map { Float($0) }, shape: [elements.count]).cast(to: type).floats()
      }
      guard let a = rounded(elements), let b = rounded(other.elements) else { return false }
      return a == b
    }
  }
}
