/// What a comparison is doing, for a progress line.
public enum DiffPhase: String, Sendable {
  case drawing, running, explaining, aligning
  case comparingWeights = "comparing weights"
}
