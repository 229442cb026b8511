internal import FileIO
internal import Glibc
internal import ModelIR

extension Attention: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    let stated = arguments(0)
    let q = split(stated, queryHeads)
    var k = split(arguments(1), keyHeads)
    var v = split(arguments(2), keyHeads)
    let past = arguments.optional(4)?.shape[2] ?? 0
    if let key = arguments.optional(4), let value = arguments.optional(5) {
      k = key.followed(by: k)
      v = value.followed(by: v)
    }
    let (batch, heads, queries, size) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let (keys, valueSize) = (k.shape[2], v.shape[3])
    let perKey = heads / k.shape[1]
    let scale = scale.map(Double.init) ?? 1 / Double(size).squareRoot()
    try arguments.checkSize([batch, heads, queries, keys])
    let mask = try mask(arguments, batch: batch, heads: heads, queries: queries, keys: keys, past: past)
    let (qs, ks, vs) = (q.reals, k.reals, v.reals)
    var shown: [Double] = []
    var y: [Double] = []
    for image in 0..<batch {
      for head in 0..<heads {
        let shared = image * k.shape[1] + head / perKey
        for query in 0..<queries {
          let row = (image * heads + head) * queries + query
          var stages: [[Double]] = []
          stages.append(
            (0..<keys).map { key in
              (0..<size).reduce(0) { $0 + qs[row * size + $1] * ks[(shared * keys + key) * size + $1] }
                * scale
            })
          stages.append(
            softcap == 0
              ? stages[0] : stages[0].map { Double(softcap) * tanh($0 / Double(softcap)) })
          stages.append((0..<keys).map { stages[1][$0] + mask[row * keys + $0] })
          // A query that sees no key at all takes nothing of any.
          let seesNone = stages[2].allSatisfy { $0 == -.infinity }
          stages.append(seesNone ? stages[2].map { _ in 0 } : Softmax.softmax(stages[2]))
          shown += stages[scoreStage.rawValue]
          for column in 0..<valueSize {
            y.append(
              (0..<keys).reduce(0) { $0 + stages[3][$1] * vs[(shared * keys + $1) * valueSize + column] })
          }
        }
      }
    }
    var result = TypedTensor(stated.dataType, [batch, heads, queries, valueSize], .real(y))
    if stated.rank == 3 {
      result = result.transposed([0, 2, 1, 3]).reshaped([batch, queries, heads * valueSize])
    }
    let scores = TypedTensor(stated.dataType, [batch, heads, queries, keys], .real(shown))
    return Array([result, k, v, scores].prefix(outputCount))
  }

  /// [batch, sequence, heads * size] as [batch, heads, sequence, size].
  private func split(_ tensor: TypedTensor, _ heads: Int) -> TypedTensor {
    guard tensor.rank == 3 else { return tensor }
    return tensor.reshaped([tensor.shape[0], tensor.shape[1], heads, tensor.shape[2] / heads])
      .transposed([0, 2, 1, 3])
  }

  /// What is added to each score, [batch, heads, queries, keys].
  private func mask(
    _ arguments: Arguments, batch: Int, heads: Int, queries: Int, keys: Int, past: Int
  ) throws(ScaleNetError) -> [Double] {
    let shape = [batch, heads, queries, keys]
    var result = [Double](repeating: 0, count: shape.reduce(1, *))
    if let given = arguments.optional(3) {
      let own = [Int](repeating: 1, count: 4 - given.rank) + given.shape
      // A mask that ends before the keys hides the rest.
      let width = own[3]
      guard zip(own, shape).dropLast().allSatisfy({ $0 == 1 || $0 == $1 }), width <= keys else {
        throw ScaleNetError(
          place: "input attn_mask", expected: "what can be broadcast to \(shape)", found: "\(given.shape)")
      }
      let values = given.asReals
      let rows = Places.broadcast([own[0], own[1], own[2]], to: [batch, heads, queries])
      for place in result.indices {
        let key = width == 1 ? 0 : place % keys
        let value = key < width ? values[rows[place / keys] * width + key] : nil
        guard let value else {
          result[place] = -.infinity
          continue
        }
        result[place] = given.dataType == .bool ? (value != 0 ? 0 : -.infinity) : value
      }
    }
    let lengths = arguments.optional(6)?.integers
    guard lengths.map({ $0.count == batch }) ?? true else {
      throw ScaleNetError(
        place: "input nonpad_kv_seqlen", expected: "\(batch) numbers", found: "\(lengths?.count ?? 0)")
    }
    for place in result.indices {
      let (key, query) = (place % keys, place / keys % queries)
      let length = lengths.map { $0[place / (heads * queries * keys) % $0.count] }
      // Queries are the last of what stands before them, or of the keys that count.
      let distance = key - query - (length.map { $0 - queries } ?? past)
      if isCausal && distance > 0 { result[place] = -.infinity }
      if let keysBefore, distance < -keysBefore { result[place] = -.infinity }
      if let keysBehind, distance > keysBehind { result[place] = -.infinity }
      if let length, key >= length { result[place] = -.infinity }
    }
    return result
  }
}

extension TypedTensor {
  /// Two tensors one after the other along axis 2 of four.
  fileprivate func followed(by other: TypedTensor) -> TypedTensor {
    let (ours, theirs) = (shape[2] * shape[3], other.shape[2] * other.shape[3])
    var places: [Int] = []
    for head in 0..<shape[0] * shape[1] {
      places += head * ours..<(head + 1) * ours
      places += count + head * theirs..<count + (head + 1) * theirs
    }
    let both = TypedTensor(dataType, [count + other.count], elements + other.elements)
    return both.gathered(places, shape: [shape[0], shape[1], shape[2] + other.shape[2], shape[3]])
  }
}
