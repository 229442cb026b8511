/// The order of `model.layers`, in which both versions of Keras count layers when they load weights: depth, which is
/// the longest way to an output, descending; ties in the order of a depth-first search from the outputs that notes a
/// layer before its inputs. A layer that is called several times is as deep as its deepest call.
///
/// Source: Keras, `_map_graph_network` (Keras 2) and `map_graph` (Keras 3).
struct ModelOrder {
  /// Indices of the layers that an output needs, in the order of `model.layers`.
  let layers: [Int]

  /// - Parameters:
  ///   - inputs: for each call the calls that it reads, in the order of its arguments; without circles.
  ///   - outputs: calls.
  ///   - owners: for each call its layer; nil if every layer is called once.
  init(inputs: [[Int]], outputs: [Int], owners: [Int]? = nil) {
    let owners = owners ?? Array(inputs.indices)
    let layerCount = (owners.max() ?? -1) + 1
    var discovery = [Int?](repeating: nil, count: layerCount)
    var isVisited = [Bool](repeating: false, count: inputs.count)
    var finished: [Int] = []
    var discovered = 0
    for output in outputs where !isVisited[output] {
      // Calls in progress, with the number of inputs that were looked at.
      var stack: [(call: Int, next: Int)] = []
      func visit(_ call: Int) {
        isVisited[call] = true
        if discovery[owners[call]] == nil {
          discovery[owners[call]] = discovered
          discovered += 1
        }
        stack.append((call, 0))
      }
      visit(output)
      while let (call, next) = stack.last {
        if next < inputs[call].count {
          stack[stack.count - 1].next += 1
          if !isVisited[inputs[call][next]] { visit(inputs[call][next]) }
        } else {
          finished.append(call)
          stack.removeLast()
        }
      }
    }
    var depths = [Int](repeating: 0, count: inputs.count)
    var layerDepths = [Int](repeating: 0, count: layerCount)
    for call in finished.reversed() {
      let depth = max(depths[call], layerDepths[owners[call]])
      layerDepths[owners[call]] = depth
      for input in inputs[call] { depths[input] = max(depths[input], depth + 1) }
    }
    layers = discovery.indices.filter { discovery[$0] != nil }.sorted { left, right in
      (-layerDepths[left], discovery[left] ?? 0) < (-layerDepths[right], discovery[right] ?? 0)
    }
  }
}
