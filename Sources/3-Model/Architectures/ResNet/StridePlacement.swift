/// Which convolution of a bottleneck block takes the step of 2 that halves the feature map.
public enum StridePlacement: String, CaseIterable, Sendable {
  /// The first 1x1, as in the ResNet paper, in Caffe, and in the first PyTorch SE-ResNets.
  case first
  /// The 3x3, as in torchvision and timm.
  case middle
}
