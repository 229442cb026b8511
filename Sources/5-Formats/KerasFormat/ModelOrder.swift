/// The order of `model.layers`, in which both versions of Keras count layers when they load weights: depth, which is
/// the longest way to an output, descending; ties in the order of a depth-first search from the outputs that notes a
/// layer before its inputs.
///
/// Source: Keras, `_map_graph_network` (Keras 2) and `map_graph` (Keras 3).
struct ModelOrder {
  /// Indices of the layers that an output needs, in the order of `model.layers`.
  let layers: [Int]

  /// - Parameter inputs: for each layer the layers that it reads, in the order of its arguments; without circles.
  init(inputs: [[Int]], outputs: [Int]) {
    var discovery = [Int?](repeating: nil, count: inputs.count)
    var finished: [Int] = []
    var discovered = 0
    for output in outputs where discovery[output] == nil {
      // Layers in progress, with the number of inputs that were looked at.
      var stack: [(layer: Int, next: Int)] = []
      func visit(_ layer: Int) {
        discovery[layer] = discovered
        discovered += 1
        stack.append((layer, 0))
      }
      visit(output)
      while let (layer, next) = stack.last {
        if next < inputs[layer].count {
          stack[stack.count - 1].next += 1
          if discovery[inputs[layer][next]] == nil { visit(inputs[layer][next]) }
        } else {
          finished.append(layer)
          stack.removeLast()
        }
      }
    }
    var depths = [Int](repeating: 0, count: inputs.count)
    for layer in finished.reversed() {
      for input in inputs[layer] { depths[input] = max(depths[input], depths[layer] + 1) }
    }
    layers = finished.sorted { left, right in
      (-depths[left], discovery[left] ?? 0) < (-depths[right], discovery[right] ?? 0)
    }
  }
}
