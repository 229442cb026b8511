// Safe: it is marked `@unsafe` itself: who makes one answers for the memory behind it, and that it outlives the map.

/// A batch of images in memory, NCHW: rows and planes lie without gaps, images `batchStride` elements apart.
///
/// A stride larger than an image is how a producer writes its channels straight into a concatenation. Where `lanes` is
/// more than 1, channels lie in blocks of as many (see `ChannelBlocks`), and empty lanes are counted among them.
@unsafe public struct FeatureMap<Scalar> {
  /// The first element of the first image.
  public var elements: UnsafeMutablePointer<Scalar>
  /// Images in the batch.
  public var batch: Int
  /// Channels of each image.
  public var channels: Int
  /// Height and width of each channel.
  public var extent: Extent
  /// Elements from an image to the next one.
  public var batchStride: Int
  /// Channels that lie side by side for each pixel.
  public var lanes: Int

  public init(
    _ elements: UnsafeMutablePointer<Scalar>, batch: Int, channels: Int, extent: Extent,
    batchStride: Int? = nil, lanes: Int = 1
  ) {
    unsafe self.elements = unsafe elements
    unsafe self.batch = batch
    unsafe self.channels = channels
    unsafe self.extent = extent
    unsafe self.batchStride = batchStride ?? channels * extent.area
    unsafe self.lanes = lanes
  }

  /// Elements of one channel of one image.
  @inline(__always) public var planeSize: Int { unsafe extent.area }

  /// The number of planes of all images together.
  @inline(__always) public var planeCount: Int { unsafe batch * channels }

  /// The first element of plane `index`, counted over all images.
  @inline(__always) public func plane(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    unsafe elements + (index / channels * batchStride + index % channels * extent.area)
  }
}
