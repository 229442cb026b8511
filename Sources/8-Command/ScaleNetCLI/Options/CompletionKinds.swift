import ArgumentParser
import ScaleNetKit

/// What the shells offer for an argument: names, and files by their endings. Directories are always offered, as the way to
/// files in them.
extension CompletionKind {
  /// The endings of files that models are read from.
  static let modelEndings = [
    "pth", "pt", "pt2", "ckpt", "bin", "tar", "safetensors", "onnx", "h5", "hdf5", "keras", "npz", "json",
  ]

  /// A model that is read. `CompletionScript` adds the networks behind `arch:`.
  static var model: CompletionKind { .file(extensions: modelEndings) }

  /// A model that is written.
  static var modelToWrite: CompletionKind {
    .file(extensions: ["onnx", "h5", "keras", "pth", "safetensors", "npz"])
  }

  /// Weights that are written.
  static var weightsToWrite: CompletionKind { .file(extensions: ["pth", "safetensors"]) }

  /// A network with its name alone.
  static var architecture: CompletionKind {
    .list(BuiltInArchitecture.allCases.map(\.name) + ["scalenet"])
  }

  /// Arrays and recordings of them, and images.
  static var recording: CompletionKind { .file(extensions: ["npy", "npz", "json", "jpg", "jpeg", "png"]) }

  /// Images.
  static var image: CompletionKind { .file(extensions: ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG"]) }

  /// Channels of each scale.
  static var structure: CompletionKind { .file(extensions: ["json"]) }

  /// How images are prepared: a file of timm's or transformers'.
  static var settings: CompletionKind { .file(extensions: ["json"]) }

  /// Names of classes.
  static var labels: CompletionKind { .file(extensions: ["txt", "json"]) }

  /// Layers and times of an engine, as trtexec writes them.
  static var engine: CompletionKind { .file(extensions: ["json"]) }

  /// A picture of either kind.
  static var chart: CompletionKind { .file(extensions: ["svg", "png"]) }

  /// A page.
  static var page: CompletionKind { .file(extensions: ["html"]) }
}
