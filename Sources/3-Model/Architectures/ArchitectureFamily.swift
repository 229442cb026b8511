/// Networks that are built of the same kind of blocks. Raw values are the papers' names.
public enum ArchitectureFamily: String, CaseIterable, Sendable {
  case scaleNet = "ScaleNet"
  case resNet = "ResNet"
  /// ResNet with squeeze-and-excitation.
  case seResNet = "SE-ResNet"
  /// ResNet with grouped 3x3 convolutions.
  case resNeXt = "ResNeXt"
  case seResNeXt = "SE-ResNeXt"
}
