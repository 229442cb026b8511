public import FileIO

/// A layer that walks along a sequence and remembers: RNN, GRU or LSTM.
///
/// Inputs X [time, batch, input], W [directions, gates * hidden, input], R [directions, gates * hidden, hidden],
/// B [directions, 2 * gates * hidden], sequence_lens [batch] (int32), initial_h [directions, batch, hidden], and for
/// LSTM initial_c and P [directions, 3 * hidden]; all from B on may be left out. Outputs Y [time, directions, batch,
/// hidden], Y_h [directions, batch, hidden], and for LSTM Y_c.
public struct Recurrent: OperatorKind {
  /// What computes a step. Raw values are ONNX's operators.
  public enum Cell: String, Hashable, Sendable {
    /// One gate (Elman 1990).
    case rnn = "RNN"
    /// Update, reset and hidden gate, in ONNX's order z, r, h (Cho et al. 2014).
    case gru = "GRU"
    /// Input, output, forget and cell gate, in ONNX's order i, o, f, c (Hochreiter and Schmidhuber 1997).
    case lstm = "LSTM"

    /// How many blocks of rows W and R have.
    public var gates: Int {
      switch self {
      case .rnn: 1
      case .gru: 3
      case .lstm: 4
      }
    }

    /// The functions of one direction where nothing else is said.
    var defaults: [Unary] {
      switch self {
      case .rnn: [.tanh]
      case .gru: [.sigmoid, .tanh]
      case .lstm: [.sigmoid, .tanh, .tanh]
      }
    }
  }

  /// How the sequence is walked. Raw values are ONNX's.
  public enum Direction: String, Hashable, Sendable {
    /// From the first element, from the last, or both ways with weights of their own.
    case forward, reverse, bidirectional

    /// How many directions W, R and the outputs hold.
    public var count: Int { self == .bidirectional ? 2 : 1 }
  }

  /// What computes a step.
  public var cell: Cell
  /// Width of the hidden state, in one direction.
  public var hiddenSize: Int
  /// How the sequence is walked.
  public var direction: Direction
  /// The functions f, g and h of ONNX, those of the second direction after those of the first.
  public var activations: [Unary]
  /// What the functions' arguments are held to, on both sides of 0; nil for no limit.
  public var clip: Float?
  /// Whether batch stands before time in X and Y, and before directions in the states (ONNX's `layout` 1).
  public var isBatchFirst: Bool
  /// GRU: whether the recurrent part is multiplied with the reset gate after R, with its own bias.
  public var appliesResetAfter: Bool
  /// LSTM: whether the forget gate is 1 minus the input gate.
  public var couplesInputForget: Bool
  /// LSTM: whether the state is rounded to eight bits, as its range asks for, before it goes through R. ONNX Runtime's
  /// DynamicQuantizeLSTM does that.
  public var roundsStates = false

  public init(
    _ cell: Cell, hiddenSize: Int, direction: Direction = .forward, activations: [Unary]? = nil,
    clip: Float? = nil, isBatchFirst: Bool = false, appliesResetAfter: Bool = false,
    couplesInputForget: Bool = false
  ) {
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.direction = direction
    self.activations =
      activations ?? Array(repeatElement(cell.defaults, count: direction.count).joined())
    self.clip = clip
    self.isBatchFirst = isBatchFirst
    self.appliesResetAfter = appliesResetAfter
    self.couplesInputForget = couplesInputForget
  }

  public var name: String { cell.rawValue }
  public var inputCount: ClosedRange<Int> { 3...(cell == .lstm ? 8 : 6) }

  public func inferTypes(_ inputs: [TensorType?]) throws(ScaleNetError) -> [TensorType] {
    let x = try require(inputs, 0, "X", rank: 3)
    guard (1...1 << 24).contains(hiddenSize) else {
      throw ScaleNetError(place: "hidden_size", expected: "1 to \(1 << 24)", found: "\(hiddenSize)")
    }
    guard activations.count == cell.defaults.count * direction.count else {
      throw ScaleNetError(
        place: "activations", expected: "\(cell.defaults.count * direction.count) functions",
        found: "\(activations.count)")
    }
    let (time, batch) = isBatchFirst ? (x.dimensions[1], x.dimensions[0]) : (x.dimensions[0], x.dimensions[1])
    let directions = Dimension.fixed(direction.count)
    let rows = Dimension.fixed(cell.gates * hiddenSize)
    let hidden = Dimension.fixed(hiddenSize)
    let state = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    var expected: [(name: String, type: TensorType)] = [
      ("W", TensorType(x.dataType, [directions, rows, x.dimensions[2]])),
      ("R", TensorType(x.dataType, [directions, rows, hidden])),
      ("B", TensorType(x.dataType, [directions, .fixed(2 * cell.gates * hiddenSize)])),
      ("sequence_lens", TensorType(.int32, [batch])),
      ("initial_h", TensorType(x.dataType, state)),
    ]
    if cell == .lstm {
      expected.append(("initial_c", TensorType(x.dataType, state)))
      expected.append(("P", TensorType(x.dataType, [directions, .fixed(3 * hiddenSize)])))
    }
    for (index, item) in expected.enumerated() {
      if index > 1 && optional(inputs, index + 1) == nil { continue }
      let found = try require(inputs, index + 1, item.name)
      guard found.isCompatible(with: item.type) else {
        throw ScaleNetError(place: "input \(item.name)", expected: "\(item.type)", found: "\(found)")
      }
    }
    let y = isBatchFirst ? [batch, time, directions, hidden] : [time, directions, batch, hidden]
    let states = [TensorType](
      repeating: TensorType(x.dataType, state), count: cell == .lstm ? 2 : 1)
    return [TensorType(x.dataType, y)] + states
  }

  /// MACs: those of W and R for each step of each sequence.
  public func cost(inputs: [TensorShape?], outputs: [TensorShape]) -> Cost {
    guard let x = inputs[0], let w = inputs[1], let r = inputs[2] else { return Cost() }
    return Cost(
      macs: (x[0] * x[1]).saturatingMultiplied(by: w.elementCount.saturatingAdded(to: r.elementCount)))
  }
}
