internal import FileIO
internal import ModelIR

extension Recurrent: ReferenceKernel {
  func evaluate(_ arguments: Arguments) throws(ScaleNetError) -> [TypedTensor] {
    // Everything as [time, batch, input] and [directions, batch, hidden].
    func timeFirst(_ tensor: TypedTensor) -> TypedTensor {
      isBatchFirst ? tensor.transposed([1, 0, 2]) : tensor
    }
    let x = timeFirst(arguments(0))
    let (time, batch, width) = (x.shape[0], x.shape[1], x.shape[2])
    let lengths = arguments.optional(4)?.integers ?? [Int](repeating: time, count: batch)
    guard lengths.allSatisfy({ (0...time).contains($0) }) else {
      throw ScaleNetError(place: "input sequence_lens", expected: "0 to \(time)", found: "\(lengths)")
    }
    let values = x.reals
    let initial = [5, 6].map { index in
      arguments.optional(index).map { timeFirst($0).reals }
        ?? [Double](repeating: 0, count: direction.count * batch * hiddenSize)
    }
    var y = [Double](repeating: 0, count: time * direction.count * batch * hiddenSize)
    var finals: [[Double]] = [[], []]
    for number in 0..<direction.count {
      let gates = Gates(self, arguments, direction: number, width: width)
      let isReverse = direction == .reverse || number == 1
      var states: [[Double]] = [[], []]
      for sequence in 0..<batch {
        let start = (number * batch + sequence) * hiddenSize
        var hidden = Array(initial[0][start..<start + hiddenSize])
        var memory = Array(initial[1][start..<start + hiddenSize])
        let steps = 0..<lengths[sequence]
        for step in isReverse ? Array(steps.reversed()) : Array(steps) {
          let input = values[(step * batch + sequence) * width..<(step * batch + sequence + 1) * width]
          gates.step(Array(input), &hidden, &memory)
          let target = ((step * direction.count + number) * batch + sequence) * hiddenSize
          y.replaceSubrange(target..<target + hiddenSize, with: hidden)
        }
        states[0] += hidden
        states[1] += memory
      }
      finals[0] += states[0]
      finals[1] += states[1]
    }
    let type = x.dataType
    let sequence = TypedTensor(type, [time, direction.count, batch, hiddenSize], .real(y))
    let ends = finals.map { TypedTensor(type, [direction.count, batch, hiddenSize], .real($0)) }
    let results =
      isBatchFirst
      ? [sequence.transposed([2, 0, 1, 3])] + ends.map { $0.transposed([1, 0, 2]) } : [sequence] + ends
    return Array(results.prefix(cell == .lstm ? 3 : 2))
  }
}

/// The weights of one direction, and a step with them.
private struct Gates {
  let layer: Recurrent
  let width: Int
  let w: [Double]
  let r: [Double]
  /// Those of W and then those of R.
  let biases: [Double]
  let peepholes: [Double]
  let functions: [(Double) -> Double]

  init(_ layer: Recurrent, _ arguments: Arguments, direction: Int, width: Int) {
    self.layer = layer
    self.width = width
    let rows = layer.cell.gates * layer.hiddenSize
    func part(_ tensor: TypedTensor?, _ count: Int) -> [Double] {
      guard let tensor else { return [Double](repeating: 0, count: count) }
      return Array(tensor.reals[direction * count..<(direction + 1) * count])
    }
    w = part(arguments(1), rows * width)
    r = part(arguments(2), rows * layer.hiddenSize)
    biases = part(arguments.optional(3), 2 * rows)
    peepholes = part(arguments.optional(7), 3 * layer.hiddenSize)
    let count = layer.activations.count / layer.direction.count
    functions = layer.activations[direction * count..<(direction + 1) * count].map(\.real)
  }

  /// What the input, or a state, adds to unit `unit` of a gate, its bias included.
  private func fromInput(_ gate: Int, _ unit: Int, _ input: [Double]) -> Double {
    let row = gate * layer.hiddenSize + unit
    return (0..<width).reduce(biases[row]) { $0 + w[row * width + $1] * input[$1] }
  }

  private func fromState(_ gate: Int, _ unit: Int, _ state: [Double]) -> Double {
    let (row, size) = (gate * layer.hiddenSize + unit, layer.hiddenSize)
    return (0..<size).reduce(biases[layer.cell.gates * size + row]) { $0 + r[row * size + $1] * state[$1] }
  }

  private func limited(_ value: Double) -> Double {
    guard let clip = layer.clip else { return value }
    return min(max(value, -Double(clip)), Double(clip))
  }

  /// Lets the states take one step.
  func step(_ input: [Double], _ hidden: inout [Double], _ memory: inout [Double]) {
    let units = 0..<layer.hiddenSize
    let before = layer.roundsStates ? DynamicQuantizeLinear.rounded(hidden) : hidden
    func gate(_ number: Int, _ unit: Int) -> Double {
      fromInput(number, unit, input) + fromState(number, unit, before)
    }
    switch layer.cell {
    case .rnn:
      hidden = units.map { functions[0](limited(gate(0, $0))) }
    case .gru:
      let update = units.map { functions[0](limited(gate(0, $0))) }
      let reset = units.map { functions[0](limited(gate(1, $0))) }
      let held = units.map { reset[$0] * before[$0] }
      hidden = units.map { unit in
        let recurrent =
          layer.appliesResetAfter
          ? reset[unit] * fromState(2, unit, before) : fromState(2, unit, held)
        let candidate = functions[1](limited(fromInput(2, unit, input) + recurrent))
        return (1 - update[unit]) * candidate + update[unit] * before[unit]
      }
    case .lstm:
      // W and R have the gates in the order input, output, forget, cell; P has input, output, forget.
      let size = layer.hiddenSize
      for unit in units {
        let last = memory[unit]
        let enter = functions[0](limited(gate(0, unit) + peepholes[unit] * last))
        let forget =
          layer.couplesInputForget
          ? 1 - enter : functions[0](limited(gate(2, unit) + peepholes[2 * size + unit] * last))
        memory[unit] = forget * last + enter * functions[1](limited(gate(3, unit)))
        let leave = functions[0](limited(gate(1, unit) + peepholes[size + unit] * memory[unit]))
        hidden[unit] = leave * functions[2](memory[unit])
      }
    }
  }
}
