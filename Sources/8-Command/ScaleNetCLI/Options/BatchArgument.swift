import ArgumentParser
import ScaleNetKit

/// `dynamic`, or a number of images.
struct BatchArgument: ExpressibleByArgument {
  var dimension: Dimension
  var isExplicit = false

  init(dimension: Dimension) {
    self.dimension = dimension
  }

  init?(argument: String) {
    isExplicit = true
    if argument == "dynamic" {
      dimension = .symbolic("batch")
    } else if let count = Int(argument), (1...65536).contains(count) {
      dimension = .fixed(count)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "dynamic" }
}
