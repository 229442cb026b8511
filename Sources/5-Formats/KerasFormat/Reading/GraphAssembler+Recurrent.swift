import FileIO
import JSONText
import ModelIR

/// Layers of sequences.
extension GraphAssembler {
  /// What one layer of cells gives: the sequence [time, batch, units] as the graph has it, and the states [batch, units].
  private struct Walk {
    let sequence: ValueID
    let states: [ValueID]
  }

  // MARK: RNN, GRU and LSTM

  mutating func addRecurrent(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    var (value, states) = try sequence(reader)
    value = try arranged(value, [1, 0, 2], reader)
    let isReverse = try reader.bool("go_backwards", default: false)
    let tensors = try weights.tensors(reader.layer, count: reader.layer.weightCounts.trained)
    let walk = try walk(
      value.id, states, reader.layer.layerClass, tensors, isReverse: isReverse, name: reader.layer.name,
      &reader)
    let givesSequence = try reader.bool("return_sequences", default: false)
    let givesStates = try reader.bool("return_state", default: false)
    if givesStates { furtherValues = walk.states.map { LayerValue(id: $0, order: [0, 1]) } }
    guard givesSequence else { return LayerValue(id: walk.states[0], order: [0, 1]) }
    // What is walked from behind comes out in the order of the walk.
    let id = isReverse ? try reversed(walk.sequence, axis: 0, reader) : walk.sequence
    return LayerValue(id: id, order: [1, 0, 2])
  }

  /// The sequence that a layer reads, and the states that it begins with.
  private mutating func sequence(
    _ reader: LayerReader
  ) throws(ScaleNetError) -> (value: LayerValue, states: [ValueID]) {
    for argument in reader.layer.arguments {
      if case .constant(let json) = argument.value {
        throw reader.failure("inbound_nodes", "no arguments but tensors", argument.name ?? json.kind)
      }
      if let name = argument.name, !["sequence", "sequences", "inputs", "initial_state"].contains(name) {
        throw reader.failure("inbound_nodes", "a sequence and initial_state", name)
      }
    }
    let values = try naturals(reader)
    guard let first = values.first, first.order.count == 3 else {
      throw reader.failure(
        "inbound_nodes", "a sequence", values.first.map { "\(graph[$0.id].type)" } ?? "none")
    }
    return (first, values.dropFirst().map(\.id))
  }

  /// Lets cells walk along a sequence [time, batch, inputs]. The settings are the reader's.
  private mutating func walk(
    _ id: ValueID, _ states: [ValueID], _ layerClass: LayerClass, _ tensors: [Tensor], isReverse: Bool,
    name: String, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> Walk {
    let cell: Recurrent.Cell =
      switch layerClass {
      case .lstm: .lstm
      case .gru: .gru
      default: .rnn
      }
    let units = try reader.integer("units")
    let inputs = extents(id)[2]
    let gates = cell.gates
    guard (1...1 << 20).contains(units), inputs > 0 else {
      throw reader.failure("units", "a positive number", "\(units)")
    }
    // A state that stays from batch to batch is one that nothing here keeps.
    for key in ["time_major", "stateful"] where try reader.bool(key, default: false) {
      throw reader.failure(key, "false", "true")
    }
    // They are for training, or for how TensorFlow computes it.
    for key in [
      "unroll", "implementation", "dropout", "recurrent_dropout", "unit_forget_bias",
      "zero_output_for_mask", "return_sequences", "return_state", "go_backwards",
    ] { _ = reader.value(key) }
    let hasBias = try reader.bool("use_bias", default: true)
    let resetsAfter = cell == .gru ? try reader.bool("reset_after", default: isKeras3) : false
    let functions = try activations(cell, &reader)
    let width = gates * units
    var shapes: [TensorShape] = [[inputs, width], [units, width]]
    if hasBias { shapes.append(cell == .gru && resetsAfter ? [2, width] : [width]) }
    guard tensors.map(\.shape) == shapes else {
      throw .invalidWeight(
        path: path, layer: name, weight: "kernel, recurrent_kernel, bias", expected: "\(shapes)",
        found: "\(tensors.map(\.shape))")
    }
    // Keras's LSTM has the gates in the order input, forget, cell, output; ONNX's input, output, forget, cell.
    let order = cell == .lstm ? [0, 3, 1, 2] : Array(0..<gates)
    func arranged(_ tensor: Tensor) throws(ScaleNetError) -> [Float] {
      let numbers: [Float]
      do throws(ScaleNetError) { numbers = try tensor.floats() } catch {
        throw .unreadableWeight(path: path, weight: "layer \(name)", error: error)
      }
      return order.flatMap { gate in numbers[gate * units..<(gate + 1) * units] }
    }
    func matrix(_ tensor: Tensor, _ columns: Int) throws(ScaleNetError) -> Tensor {
      let rows: [Float]
      do throws(ScaleNetError) { rows = try tensor.transposed([1, 0]).floats() } catch {
        throw .unreadableWeight(path: path, weight: "layer \(name)", error: error)
      }
      let block = units * columns
      let elements = order.flatMap { gate in rows[gate * block..<(gate + 1) * block] }
      return Tensor(elements, shape: [1, width, columns])
    }
    var operands: [ValueID?] = [
      id, try initializer("\(name).kernel", try matrix(tensors[0], inputs)),
      try initializer("\(name).recurrent_kernel", try matrix(tensors[1], units)),
    ]
    if hasBias {
      var bias: [Float] = []
      if tensors[2].shape.rank == 2 {
        do throws(ScaleNetError) { bias = try tensors[2].floats() } catch {
          throw .unreadableWeight(path: path, weight: "layer \(name)", error: error)
        }
      } else {
        bias = try arranged(tensors[2]) + [Float](repeating: 0, count: width)
      }
      operands.append(try initializer("\(name).bias", Tensor(bias, shape: [1, 2 * width])))
    }
    if !states.isEmpty {
      guard states.count == (cell == .lstm ? 2 : 1) else {
        throw reader.failure("initial_state", "a tensor for each state", "\(states.count)")
      }
      while operands.count < 5 { operands.append(nil) }
      for state in states {
        operands.append(
          try node(unusedName("\(name)_state"), .unsqueeze(Unsqueeze(axes: [0])), [state]))
      }
    }
    let op = Recurrent(
      cell, hiddenSize: units, direction: isReverse ? .reverse : .forward, activations: functions,
      appliesResetAfter: resetsAfter)
    let outputs: [ValueID]
    do throws(ScaleNetError) {
      outputs = try graph.addNode(unusedName("\(name)_cells"), .recurrent(op), inputs: operands)
    } catch { throw error.inFile(path) }
    let sequence = try node(
      unusedName("\(name)_sequence"), .squeeze(Squeeze(axes: [1])), [outputs[0]])
    var ends: [ValueID] = []
    for (number, output) in outputs.dropFirst().enumerated() {
      ends.append(
        try node(
          unusedName("\(name)_end\(number == 0 ? "" : "_\(number)")"), .squeeze(Squeeze(axes: [0])),
          [output]))
    }
    return Walk(sequence: sequence, states: ends)
  }

  /// The functions in ONNX's order.
  private func activations(
    _ cell: Recurrent.Cell, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> [Unary] {
    let main = try cellFunction("activation", default: "tanh", &reader)
    guard cell != .rnn else { return [main] }
    let gate = try cellFunction("recurrent_activation", default: "sigmoid", &reader)
    return cell == .lstm ? [gate, main, main] : [gate, main]
  }

  private func cellFunction(
    _ key: String, default standard: String, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> Unary {
    var stated = reader.value(key) ?? .string(standard)
    if stated["class_name"] == .string("function"), let config = stated["config"] { stated = config }
    guard case .string(let word) = stated, let function = unary(named: word) else {
      throw reader.failure(key, "a function of single numbers", stated.kind)
    }
    return function
  }

  mutating func reversed(
    _ id: ValueID, axis: Int, _ reader: LayerReader
  ) throws(ScaleNetError) -> ValueID {
    let extent = extents(id)[axis]
    guard extent > 0 else {
      throw reader.failure("inbound_nodes", "known extents", "\(graph[id].type)")
    }
    let slice = Slice(axes: [axis], starts: [extent - 1], steps: [-1], counts: [extent])
    return try node(unusedName("\(reader.layer.name)_reversed"), .slice(slice), [id])
  }

  // MARK: Layers around others

  /// A layer that walks forwards and one that walks backwards, and what both give together.
  mutating func addBidirectional(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    guard let forward = reader.layer.inner("layer") else {
      throw reader.failure("layer", "RNN, GRU or LSTM", reader.layer.settings["layer"]?.kind ?? "nothing")
    }
    let backward = reader.layer.inner("backward_layer") ?? forward
    for key in ["layer", "backward_layer"] { _ = reader.value(key) }
    for layer in [forward, backward] {
      switch layer.layerClass {
      case .simpleRNN, .gru, .lstm: break
      default: throw reader.failure("layer", "RNN, GRU or LSTM", layer.className)
      }
    }
    var (value, states) = try sequence(reader)
    value = try arranged(value, [1, 0, 2], reader)
    let counts = [forward, backward].map(\.weightCounts.trained)
    let tensors = try weights.tensors(reader.layer, count: counts[0] + counts[1])
    let mode =
      reader.layer.settings["merge_mode"].map { $0 == .null } == true
      ? nil : try reader.word("merge_mode", ["concat", "sum", "mul", "ave"], default: "concat")
    _ = reader.value("merge_mode")
    let name = reader.layer.name
    var walks: [Walk] = []
    var turns: [Bool] = []
    var settings: [(sequence: Bool, states: Bool)] = []
    for (number, layer) in [forward, backward].enumerated() {
      var own = try LayerReader(layer, path: path, isKeras3: isKeras3)
      let stated = try own.bool("go_backwards", default: false)
      // A copy of the first layer walks the other way; one of its own says so itself.
      let isCopy = number > 0 && reader.layer.inner("backward_layer") == nil
      let isReverse = stated != isCopy
      settings.append(
        (
          try own.bool("return_sequences", default: false), try own.bool("return_state", default: false)
        ))
      turns.append(isReverse)
      let half = states.count / 2
      let part = states.isEmpty ? [] : Array(number == 0 ? states[..<half] : states[half...])
      let range = number == 0 ? 0..<counts[0] : counts[0]..<counts[0] + counts[1]
      walks.append(
        try walk(
          value.id, part, layer.layerClass, Array(tensors[range]), isReverse: isReverse,
          name: "\(name)_\(number == 0 ? "forward" : "backward")", &own))
      try own.finish()
    }
    guard turns == [false, true] else {
      throw reader.failure("go_backwards", "false, and true behind it", "\(turns)")
    }
    let results = walks.map { settings[0].sequence ? $0.sequence : $0.states[0] }
    let order = settings[0].sequence ? [1, 0, 2] : [0, 1]
    if settings[0].states {
      furtherValues = walks.flatMap(\.states).map { LayerValue(id: $0, order: [0, 1]) }
    }
    guard let mode else {
      furtherValues.insert(LayerValue(id: results[1], order: order), at: 0)
      return LayerValue(id: results[0], order: order)
    }
    let id: ValueID
    switch mode {
    case "sum": id = try node(name, .binary(.add), results)
    case "mul": id = try node(name, .binary(.mul), results)
    case "ave": id = try node(name, .variadic(.mean), results)
    default: id = try node(name, .concat(Concat(axis: order.count - 1)), results)
    }
    return LayerValue(id: id, order: order)
  }

  /// A layer for each step of a sequence: all steps of all sequences are one batch to it.
  mutating func addTimeDistributed(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    guard let inner = reader.layer.inner("layer"), inner.layerClass != .input else {
      throw reader.failure(
        "layer", "a plain layer", reader.layer.settings["layer"]?["class_name"]?.kind ?? "nothing")
    }
    _ = reader.value("layer")
    var value = try natural(try input(reader), reader)
    let known = extents(value.id)
    guard known.count >= 3, known[1] > 0 else {
      throw reader.failure("inbound_nodes", "a sequence of known length", "\(graph[value.id].type)")
    }
    let name = reader.layer.name
    value.id = try node(
      unusedName("\(name)_steps"), .reshape(Reshape(shape: [-1] + known[2...])), [value.id])
    value.order = Array(0..<known.count - 1)
    var layer = inner.changed(to: inner.layerClass, inner.settings, inputs: [place(value)])
    layer.source = reader.layer.source
    layer.outerGroup = "layer/"
    var own = try LayerReader(layer, path: path, isKeras3: isKeras3)
    var result = try natural(try add(layer, &own), reader)
    try own.finish()
    let made = extents(result.id)
    result.id = try node(
      unusedName("\(name)_sequence"), .reshape(Reshape(shape: [-1, known[1]] + made[1...])), [result.id])
    result.order = Array(0...made.count)
    return result
  }

  /// Rows of a table by their numbers.
  mutating func addEmbedding(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let value = try natural(try input(reader), reader)
    let (count, size) = (try reader.integer("input_dim"), try reader.integer("output_dim"))
    if try reader.bool("mask_zero", default: false) { throw reader.failure("mask_zero", "false", "true") }
    for key in ["input_length", "weights", "use_one_hot_matmul"] { _ = reader.value(key) }
    guard (1...1 << 26).contains(count), (1...1 << 24).contains(size) else {
      throw reader.failure("input_dim, output_dim", "positive numbers", "\(count), \(size)")
    }
    let table = try weights(reader, [("embeddings", [count, size])])[0]
    let name = reader.layer.name
    let numbers = try node(unusedName("\(name)_numbers"), .cast(Cast(to: .int64)), [value.id])
    let id = try node(
      name, .computed(.gather(axis: 0)), [try initializer("\(name).embeddings", table), numbers])
    return LayerValue(id: id, order: Array(0...value.order.count))
  }

  /// A vector several times, as a sequence.
  mutating func addRepeatVector(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let value = try natural(try input(reader), reader)
    let count = try reader.integer("n")
    guard value.order.count == 2, (1...1 << 20).contains(count) else {
      throw reader.failure("n", "a positive number, for a vector", "\(count)")
    }
    let name = reader.layer.name
    let row = try node(unusedName("\(name)_row"), .unsqueeze(Unsqueeze(axes: [1])), [value.id])
    let id = try node(name, .tile(Tile(repeats: [1, count, 1])), [row])
    return LayerValue(id: id, order: [0, 1, 2])
  }
}
