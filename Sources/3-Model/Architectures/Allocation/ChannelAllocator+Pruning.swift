package import FileIO
package import ModelIR

extension ChannelAllocator {
  /// A tensor whose channels are picked is copied; far more than the largest layer of any network.
  private static let mostCopiedBytes = 1 << 30

  /// The seed's weights without the channels that go: rows of `conv2.i` and `bn2.i`, columns of `conv3`. What keeps
  /// all its channels stays a view of the seed's.
  package func prunedWeights(_ allocation: ChannelAllocation) throws(ScaleNetError) -> StateDict {
    precondition(allocation.blocks.map(\.name) == seed.blocks.map(\.name))
    var picks: [String: (indices: [Int], axis: Int)] = [:]
    var dropped = Set<String>()
    for (block, allocated) in zip(seed.blocks, allocation.blocks) {
      var columns: [Int] = []
      var offset = 0
      for scale in block.scales {
        let kept = allocated.kept[scale.index]
        let convolution = "\(block.name).conv2.\(scale.index).weight"
        let normalization = ["weight", "bias", "running_mean", "running_var"].map {
          "\(block.name).bn2.\(scale.index).\($0)"
        }
        if kept.isEmpty {
          dropped.formUnion(
            normalization + [convolution, "\(block.name).bn2.\(scale.index).num_batches_tracked"])
        } else if kept.count < scale.channels {
          for key in normalization + [convolution] { picks[key] = (kept, 0) }
        }
        columns += kept.map { offset + $0 }
        offset += scale.channels
      }
      if columns.count < offset { picks["\(block.name).conv3.weight"] = (columns, 1) }
    }

    var result = StateDict()
    result.notes = weights.notes
    for entry in weights.entries where !dropped.contains(entry.name) {
      guard let pick = picks[entry.name] else {
        result.append(entry.name, entry.tensor)
        continue
      }
      guard entry.tensor.byteCount <= Self.mostCopiedBytes else {
        throw .limitExceeded(
          place: "\(entry.name): bytes", most: Self.mostCopiedBytes, found: entry.tensor.byteCount)
      }
      do throws(ScaleNetError) {
        result.append(entry.name, try entry.tensor.selecting(pick.indices, axis: pick.axis))
      } catch {
        throw .unreadableWeight(source: source, key: entry.name, error: error)
      }
    }
    return result
  }
}

extension Tensor {
  /// A copy of the elements at some indices of one axis, in the order given.
  func selecting(_ indices: [Int], axis: Int) throws(ScaleNetError) -> Tensor {
    let bytes = try bytes()
    let run = shape.dimensions[(axis + 1)...].reduce(dataType.byteCount, *)
    let extent = shape[axis]
    let outer = shape.dimensions[..<axis].reduce(1, *)
    var selected: [UInt8] = []
    selected.reserveCapacity(outer * indices.count * run)
    for row in 0..<outer {
      for index in indices {
        let start = (row * extent + index) * run
        selected += bytes[start..<start + run]
      }
    }
    var dimensions = shape.dimensions
    dimensions[axis] = indices.count
    return try Tensor(dataType, TensorShape(dimensions), storage: .copying(selected))
  }
}
