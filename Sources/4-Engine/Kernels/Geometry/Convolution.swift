/// A 2-D convolution of one input size: everything but the weights, which are OIHW.
public struct Convolution: Hashable, Sendable {
  /// The window that slides over the image, with its margins.
  public var window: Window
  /// Channels of the image that is read.
  public var inputChannels: Int
  /// Channels of the image that is written.
  public var outputChannels: Int
  /// Groups of channels that do not see each other; both numbers of channels are multiples of it.
  public var groups: Int
  /// The number of images.
  public var batch: Int
  /// The size of an input image.
  public var input: Extent

  /// Both channel counts are multiples of `groups`.
  public init(
    window: Window, inputChannels: Int, outputChannels: Int, groups: Int = 1, batch: Int, input: Extent
  ) {
    precondition(groups > 0 && inputChannels % groups == 0 && outputChannels % groups == 0)
    self.window = window
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.batch = batch
    self.input = input
  }

  /// The size of an output image.
  public var output: Extent { window.output(for: input) }

  /// Products per output element: input channels of a group times taps.
  public var depth: Int { inputChannels / groups * window.kernel.area }

  /// Weights: output channels, input channels of a group, kernel height, kernel width.
  public var weightCount: Int { outputChannels * depth }
}
