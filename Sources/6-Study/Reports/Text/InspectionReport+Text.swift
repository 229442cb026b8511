import FileIO
import Inspection

extension InspectionReport {
  /// The network's name on one line, control characters escaped: names come from files.
  var title: String {
    let name = displayName.escapedWhole
    return name.isEmpty ? "unnamed network" : name
  }

  /// The family of networks that the model belongs to, for colours: what its name says before the depth, or where it has
  /// none that is known, what its blocks are.
  var familyName: String {
    let words = architecture.split { $0 == " " || $0 == "(" }
    // SE-ResNeXt-50 is of the family SE-ResNeXt.
    let parts = (words.first ?? "").split(separator: "-").prefix {
      $0.contains(where: \.isLetter) && $0.first?.isNumber == false
    }
    let name = parts.joined(separator: "-")
    if ["Net", "NeXt", "NeSt"].contains(where: name.contains) { return name.escapedWhole }
    if blocks.isEmpty { return "other" }
    if hasScalesOnly { return "ScaleNet" }
    let isGrouped = blocks.contains { $0.groups > 1 }
    return (blocks.contains { $0.squeezeChannels != nil } ? "SE-" : "") + (isGrouped ? "ResNeXt" : "ResNet")
  }

  /// The last component of the path, control characters escaped.
  var fileName: String {
    (path.split(separator: "/").last.map(String.init) ?? path).escapedWhole
  }

  /// Whether every block aggregates scales, so that scales are worth columns of their own.
  var hasScalesOnly: Bool { blocks.allSatisfy { $0.kind == .scaleAggregation } }

  /// `1000 classes`, or that there is no final layer.
  var classesText: String { classes.map { $0 == 1 ? "1 class" : "\($0) classes" } ?? "no final layer" }

  /// What the file says of images and classes.
  var imageRows: [(name: String, text: String)] {
    (images.map { [("images", $0.escapedWhole)] } ?? [])
      + (labels.map { [("labels", "names of \($0 == 1 ? "1 class" : "\($0) classes")")] } ?? [])
  }

  /// Quantities with the words that tell what is counted; numbers exact.
  var totalRows: [(name: String, value: String, remark: String)] {
    [
      ("parameters", totals.parameters.grouped, "learnable"),
      ("buffers", totals.buffers.grouped, "running mean and variance"),
      ("MACs", totals.macs.grouped, "convolutions, final layer; the paper's \"FLOPs\""),
      ("FLOPs", totals.flops.grouped, "2 x MACs"),
      ("other operations", totals.otherOperations.grouped, "pools, resizes, normalisation, adds"),
      ("weights", totals.weightBytes.byteText, ""),
      ("peak activations", totals.peakActivationBytes.byteText, ""),
      ("memory traffic", totals.memoryTrafficBytes.byteText, "each layer reads and writes once"),
      ("intensity", totals.arithmeticIntensity.fixed(1), "FLOPs per byte of that traffic"),
    ]
  }
}

extension [InspectionReport] {
  /// Each model's name, or its file's where two models have one name.
  var labels: [String] {
    map { report in
      count { $0.title == report.title } == 1 ? report.title : report.fileName
    }
  }
}

extension BlockReport {
  /// `56`, or `56x72` where height and width differ.
  var sizeText: String {
    featureSize.count == 2 && featureSize[0] == featureSize[1]
      ? "\(featureSize[0])" : featureSize.map(String.init).joined(separator: "x")
  }

  var kindText: String {
    switch kind {
    case .scaleAggregation: "scales"
    case .basic: "basic"
    case .bottleneck: "bottleneck"
    }
  }

  /// `16 (1/16)`: the gate's width and what part of the output's channels that is.
  var squeezeText: String {
    guard let squeezeChannels, let squeezeReduction else { return "-" }
    let digits = squeezeReduction.rounded() == squeezeReduction ? 0 : 1
    return "\(squeezeChannels) (1/\(squeezeReduction.fixed(digits)))"
  }

  /// How each scale is resized, `-` for an absent one.
  var resizeTexts: [String] { resize.map { ["absent": "-", "linear": "bilinear"][$0] ?? $0 } }

  /// Each scale's kernel and how it is resized: `3`, `3n` nearest, `3b` bilinear, `-` for none.
  var kernelTexts: [String] {
    zip(kernelSizes, resize).map { kernel, mode in
      kernel == 0 ? "-" : "\(kernel)" + (["nearest": "n", "linear": "b"][mode] ?? "")
    }
  }
}
