/// One side of a comparison: a model that is run, or outputs that something else computed.
public enum DiffComparand: Sendable {
  case model(Model)
  case recording(DiffRecording)
}

extension DiffComparand {
  var path: String {
    switch self {
    case .model(let model): model.path
    case .recording(let recording): recording.path
    }
  }
}
