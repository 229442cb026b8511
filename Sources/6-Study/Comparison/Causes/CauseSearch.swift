import Execution
import FileIO
import ModelIR

/// What a search for causes has tried, and how much more it may compute.
///
/// Its bound is work, not time, so that the same files give the same report on every machine.
final class CauseSearch: Sendable {
  private struct State {
    var work = 0.0
    var places = 0
    var changes = 0
    var runs = 0
    var kinds = Set<DiffReport.CauseKind>()
    var isCut = false
  }

  /// How many faults are looked for one behind the other.
  static let mostFaults = 4
  /// Operations, a multiply-accumulate being one, that a search may take: some seconds of two processors.
  static let usualBudget = 150e9
  /// However large the graphs, they may be run as often.
  private static let leastRuns = 12.0
  /// How many times longer operators take that have no fast kernel.
  fileprivate static let slowness = 50.0

  private let state = Locked(State())
  private let mostWork: Double

  /// - Parameters:
  ///   - graphs: those that are searched, with all extents known.
  ///   - budget: operations that may be computed; a few runs of the graphs may be in any case.
  init(_ graphs: [Graph], budget: Double) {
    let once = graphs.map { $0.operations }.reduce(0, +)
    mostWork = max(budget, once * Self.leastRuns)
  }

  /// Adds a run of a graph. Double takes about three times as long as float32.
  func add(_ graph: Graph, inDouble: Bool) {
    let work = graph.operations * (inDouble ? 3 : 1)
    state.withLock { $0.work += work }
  }

  /// Whether more may be tried; where not, the report will say so.
  func mayGoOn() -> Bool {
    state.withLock { state in
      if state.work < mostWork { return true }
      state.isCut = true
      return false
    }
  }

  /// Forgets what was tried before a fault was found; what was computed counts on.
  func begin() {
    state.withLock { state in
      (state.places, state.changes, state.runs, state.kinds, state.isCut) = (0, 0, 0, [], false)
    }
  }

  func addPlace() { state.withLock { $0.places += 1 } }

  func addChange(_ kind: DiffReport.CauseKind) {
    state.withLock { state in
      state.changes += 1
      state.kinds.insert(kind)
    }
  }

  /// Notes a change that is tried on a whole graph.
  func addRun(_ kind: DiffReport.CauseKind) {
    state.withLock { state in
      state.runs += 1
      state.kinds.insert(kind)
    }
  }

  /// Why nothing is known of what comes behind a fault.
  enum Hindrance: String {
    /// The graphs can't be computed without the fault.
    case unfit = "What comes behind it was not looked at, as extents there do not fit this change alone"
    /// With the fault undone both sides give what is no number.
    case noNumbers =
      "Whether anything else differs is not known, as a side's outputs are NaN or infinite, which proves nothing"
  }

  /// What was tried in vain.
  ///
  /// - Parameter found: how many faults were found before.
  func report(behind found: Int, _ hindrance: Hindrance? = nil) -> DiffReport.Search {
    state.withLock { state in
      let kinds = DiffReport.CauseKind.allCases.filter(state.kinds.contains)
      var tried: [String] = []
      if state.changes > 0 {
        tried.append("\(Self.count(state.changes, "change")) at \(Self.count(state.places, "place"))")
      }
      if state.runs > 0 { tried.append("\(Self.count(state.runs, "change")) of a whole side") }
      var text = found == 0 ? "No cause was found" : "Behind it other differences remain"
      if let hindrance {
        text = hindrance.rawValue
      } else if found == Self.mostFaults {
        text += "; no more than \(found) faults are looked for"
      } else if tried.isEmpty {
        text += "; nothing fitted that could have been tried"
      } else {
        text += ": \(tried.joined(separator: " and ")) did not give the other side's values"
        if !kinds.isEmpty { text += " (\(kinds.map(\.rawValue).joined(separator: ", ")))" }
      }
      if state.isCut { text += "; the search, which is bounded, ended there" }
      return DiffReport.Search(
        places: state.places, changes: state.changes, runs: state.runs, kinds: kinds,
        isComplete: !state.isCut && hindrance == nil && found < Self.mostFaults, explanation: text + ".")
    }
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}

extension DiffReport.CauseKind {
  /// Whether it is a convention of a converter, that is wherever it applies, rather than a fault of one place.
  var isConvention: Bool {
    switch self {
    case .halfPrecision, .tf32, .quantizedWeights, .batchNormEpsilon, .resizeMode, .alignCorners, .padding,
      .rounding:
      true
    case .missingNode, .addedNode, .wiring, .operator, .activation, .pooling, .stride, .dilation, .groups,
      .attribute, .missingBias, .preprocessing, .backgroundClass, .transposedWeights, .permutedChannels,
      .missingSoftmax, .swappedInputChannels, .inputLayout, .outputLayout, .batchOrder, .differentWeights:
      false
    }
  }
}

extension Graph {
  /// Elementary operations of one run, a multiply-accumulate being one; of nodes whose extents are open, none.
  fileprivate var operations: Double {
    nodes.reduce(0) { sum, node in
      let outputs = node.outputs.compactMap { self[$0].type.shape }
      guard outputs.count == node.outputs.count else { return sum }
      let cost = node.op.kind.cost(
        inputs: node.inputs.map { $0.flatMap { self[$0].type.shape } }, outputs: outputs)
      // Operators on integers have no fast kernels.
      let factor = node.op.isOnIntegers ? CauseSearch.slowness : 1
      return sum + factor * (Double(cost.macs) + Double(cost.otherOperations))
    }
  }
}
