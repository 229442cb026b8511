import ArgumentParser
import ScaleNetKit

/// `224`, or `256x320` (height first).
struct InputSizeArgument: ExpressibleByArgument {
  var size: InputSize

  init?(argument: String) {
    guard let size = InputSize(argument) else { return nil }
    self.size = size
  }
}
