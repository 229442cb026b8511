extension KerasWriter {
  /// What kind of file is written.
  public enum Container: Sendable, CaseIterable {
    /// `.h5`: a whole model, `model_config` and weights in one HDF5 file.
    case hdf5
    /// `.keras`: a whole model in a zip archive.
    case archive
    /// `.h5` with the weights alone, by layer name, as `save_weights` of Keras 2 has it.
    case legacyWeights
    /// `.weights.h5` with the weights alone, by class and position, as `save_weights` of Keras 3 has it.
    case weights

    /// The kind that a path's ending asks for; nil for others than `.h5`, `.hdf5` and `.keras`, and for weights alone in
    /// a `.keras` file.
    public init?(path: String, weightsOnly: Bool) {
      let name = path.lowercased()
      if name.hasSuffix(".keras") {
        guard !weightsOnly else { return nil }
        self = .archive
      } else if name.hasSuffix(".weights.h5"), weightsOnly {
        self = .weights
      } else if name.hasSuffix(".h5") || name.hasSuffix(".hdf5") {
        self = weightsOnly ? .legacyWeights : .hdf5
      } else {
        return nil
      }
    }
  }

  /// What a caller can choose.
  public struct Options: Sendable {
    /// Which kind of file is written.
    public var container: Container
    /// The order of axes of images and feature maps.
    public var dataFormat: DataFormat

    public init(container: Container, dataFormat: DataFormat = .channelsLast) {
      self.container = container
      self.dataFormat = dataFormat
    }
  }

  /// One weight of the file: where it comes from and where it is.
  public struct NameEntry: Sendable, Equatable {
    /// The name in the graph, which for PyTorch's models is the key of the state dict.
    public let source: String
    /// The layer's name in Keras.
    public let layer: String
    /// The path of the dataset in the HDF5 file.
    public let dataset: String
    /// The extents in Keras.
    public let shape: [Int]
  }

  /// An input of the model as Keras sees it.
  public struct Input: Sendable, Equatable {
    /// The name of the input layer.
    public let name: String
    /// The type that it takes.
    public var dataType = "float32"
    /// The extents in Keras's order; nil for an open batch.
    public let shape: [Int?]
    /// The letters of the axes, `NHWC` or `NCHW`; `NC` for a vector; nil for other ranks.
    public let layout: String?
  }
}
