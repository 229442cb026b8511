public import FileIO

/// A rewriting of a graph that keeps what its outputs compute.
public protocol GraphPass {
  /// The name under which errors and reports speak of the pass.
  var name: String { get }
  /// Rewrites `graph`; true if anything was changed.
  func run(on graph: inout Graph) throws(ScaleNetError) -> Bool
}

extension Graph {
  /// Applies passes in turn. The graph is validated before the first and after each.
  public mutating func apply(_ passes: [any GraphPass]) throws(ScaleNetError) {
    try validate()
    for pass in passes where try pass.run(on: &self) { try validate() }
  }
}
