public import Architectures
public import ArgumentParser
public import Comparison
public import Images
public import ModelIR
public import Reports
public import ScaleNetKit

// The library's own types as arguments: what it can be asked for is said once.

/// `224`, or `256x320` (height first).
extension InputSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// `dynamic`, or a number of images.
extension Dimension: ExpressibleByArgument {
  public init?(argument: String) {
    if argument == "dynamic" {
      self = .symbolic("batch")
    } else if let count = Int(argument) {
      self = .fixed(count)
    } else {
      return nil
    }
  }
}

extension StridePlacement: ExpressibleByArgument {}
extension DeploymentTarget: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {}
extension AntiAliasing: ExpressibleByArgument {}
extension ReportFormat: ExpressibleByArgument {}
extension DiffReportFormat: ExpressibleByArgument {}
extension KerasOptions.DataFormat: ExpressibleByArgument {}
extension ONNXOptions.ExternalData: ExpressibleByArgument {}
extension Interpolation: ExpressibleByArgument {}
extension ImageLayout: ExpressibleByArgument {}
extension ChannelOrder: ExpressibleByArgument {}
extension Preprocessing.CropMode: ExpressibleByArgument {}
extension GroundTruthNumbers: ExpressibleByArgument {}

/// The name of a tolerance.
extension Tolerance: ExpressibleByArgument {
  public init?(argument: String) {
    guard let found = Self.named.first(where: { $0.name == argument }) else { return nil }
    self = found
  }

  public var defaultValueDescription: String { name }
  public static var allValueStrings: [String] { named.map(\.name) }
}
