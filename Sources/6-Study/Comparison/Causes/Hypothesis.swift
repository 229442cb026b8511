import ModelIR

/// A change of one side that may be what the other side has.
struct Hypothesis {
  var kind: DiffReport.CauseKind
  /// The node of the changed side that it is about; nil if it has none there.
  var node: String?
  /// The other side's node; nil if it has none there.
  var otherNode: String?
  /// The parameter it is about.
  var tensor: String?
  /// What the changed side has, and what the other side has if the hypothesis holds: `epsilon 1e-05`, `epsilon 0.001`.
  var has: String
  var otherHas: String
  var edits: [GraphEdit]
  /// The faults that it is made of where several stand side by side; empty if it is one.
  var parts: [HypothesisPart] = []
  /// What the same change at another place has in common with this one.
  var signature = ""
  /// The nodes that one side alone has there, or whose values only one side reads there.
  var nodes = (own: Set<String>(), other: Set<String>())
  /// Whether normalisations are folded before the change.
  var foldsFirst = false
  /// The type that the inputs are rounded to, if that is part of the change.
  var inputType: DataType?
  /// The same change of another node; empty where it does not apply.
  var likewise: (Node, Graph) -> [GraphEdit] = { _, _ in [] }
}
