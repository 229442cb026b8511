/// What a comparison is doing, for a progress line.
public enum DiffPhase: String, Sendable {
  case running
  case runningInDouble = "running in Double"
  case aligning, explaining
  case comparingWeights = "comparing weights"
}
