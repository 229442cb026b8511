import Execution
import ModelIR

/// Causes that are tried on whole graphs: where the other side is a recording, or no single node is at fault.
extension ModelComparison {
  func wholeGraphCause(_ outputs: ComparedOutputs) -> DiffReport.Cause? {
    for isReversed in [false, true] {
      guard let trial = trial(outputs, isReversed: isReversed) else { continue }
      let names = isReversed ? ("The right", "the left") : ("The left", "the right")
      if let cause = inputCause(trial, names) ?? graphCause(trial, names, isReversed: isReversed) {
        return cause
      }
    }
    return orderCause(outputs) ?? arrangementCause(outputs)
  }

  /// Whether the search's bound allows one more run of a whole graph, which is noted.
  func mayTry(_ kind: DiffReport.CauseKind) -> Bool {
    guard let search = engine.search else { return true }
    guard search.mayGoOn() else { return false }
    search.addRun(kind)
    return true
  }

  /// Channels of the image in the opposite order, or its data in another layout than they are read in.
  private func inputCause(_ trial: Trial, _ names: (own: String, other: String)) -> DiffReport.Cause? {
    for (name, tensor) in trial.inputs.sorted(by: { $0.key < $1.key }) {
      let shape = tensor.shape.dimensions
      guard shape.count == 4, let elements = try? tensor.floats() else { continue }
      func gives(_ changed: Tensor, _ kind: DiffReport.CauseKind) -> Bool {
        guard mayTry(kind) else { return false }
        var inputs = trial.inputs
        inputs[name] = changed.cast(to: tensor.dataType)
        return trial.gives(trial.graph, inputs)
      }
      if (2...4).contains(shape[1]) {
        let order = Array((0..<shape[1]).reversed())
        let swapped = Tensor(
          ChannelOrder.apply(order, to: elements, shape: shape, axis: 1), shape: tensor.shape)
        if gives(swapped, .swappedInputChannels) {
          return DiffReport.Cause(
            kind: .swappedInputChannels,
            explanation:
              "\(names.own) gives what \(names.other) gives if the channels of \(name) are given in "
              + "the opposite order (RGB against BGR).", confirmed: true)
        }
      }
      let plain = Tensor(elements, shape: tensor.shape)
      let candidates = [
        ("NHWC data as NCHW", Self.materialized(plain.transposed([0, 2, 3, 1]))?.reshaped(tensor.shape)),
        (
          "NCHW data as NHWC",
          plain.reshaped([shape[0], shape[2], shape[3], shape[1]])?.transposed([0, 3, 1, 2])
        ),
        (
          "height and width exchanged",
          shape[2] == shape[3] ? Self.materialized(plain.transposed([0, 1, 3, 2])) : nil
        ),
      ]
      for preparation in ImagePreparation.usual where preparation.fits(channels: shape[1]) {
        let prepared = Tensor(preparation.apply(to: elements, shape), shape: tensor.shape)
        guard gives(prepared, .preprocessing) else { continue }
        return DiffReport.Cause(
          kind: .preprocessing,
          explanation:
            "\(names.own) gives what \(names.other) gives if \(name) is prepared first: \(preparation.what).",
          confirmed: true)
      }
      for (what, changed) in candidates {
        guard let changed, gives(changed, .inputLayout) else { continue }
        return DiffReport.Cause(
          kind: .inputLayout,
          explanation: "\(names.own) gives what \(names.other) gives if \(name) is misread: \(what).",
          confirmed: true)
      }
    }
    return nil
  }

  private static func materialized(_ tensor: Tensor) -> Tensor? {
    guard let elements = try? tensor.floats() else { return nil }
    return Tensor(elements, shape: tensor.shape)
  }

  /// The same change of every node that it applies to.
  private func graphCause(
    _ trial: Trial, _ names: (own: String, other: String), isReversed: Bool
  ) -> DiffReport.Cause? {
    var tried = Set<String>()
    for hypothesis in WholeGraphCauses.hypotheses(trial.graph) {
      guard
        tried.insert("\(hypothesis.kind) \(hypothesis.has) \(hypothesis.otherHas) \(hypothesis.foldsFirst)")
          .inserted,
        mayTry(hypothesis.kind), let changed = trial.changedEverywhere(hypothesis),
        trial.gives(changed.graph, trial.inputs(of: hypothesis))
      else { continue }
      return DiffReport.Cause(
        kind: hypothesis.kind,
        explanation: "\(names.own) has \(hypothesis.has), \(names.other) gives what it would give with "
          + "\(hypothesis.otherHas) in \(changed.nodes) nodes.",
        node: isReversed ? nil : hypothesis.node, otherNode: isReversed ? hypothesis.node : nil,
        tensor: hypothesis.tensor, confirmed: true)
    }
    return nil
  }

  /// Outputs whose columns are the same in another order.
  private func orderCause(_ outputs: ComparedOutputs) -> DiffReport.Cause? {
    for pair in outputs.pairs {
      let shape = outputs.left[pair.left].tensor.shape.dimensions
      guard pair.order == .same, shape.count >= 2, let a = try? outputs.left[pair.left].tensor.floats(),
        let b = try? outputs.right[pair.right].tensor.floats(),
        ChannelOrder.find(a, b, shape: shape, axis: 1, closeness: 1e-5) != nil
      else { continue }
      return DiffReport.Cause(
        kind: .permutedChannels,
        explanation: "The right's output has the left's columns in another order.",
        confirmed: true)
    }
    return nil
  }
}
