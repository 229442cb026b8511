// Safe: every element of the result is initialised once, from a pixel of the same number.

/// How bytes become a network's numbers: `(byte / divisor - mean) / standardDeviation`.
public struct Normalization: Sendable, Hashable {
  /// ImageNet's mean and deviation of red, green and blue from 0 to 1, as torchvision and timm have them.
  public static let imageNetMean = [0.485, 0.456, 0.406]
  /// The deviations of ImageNet's channels red, green and blue, as torchvision states them.
  public static let imageNetStandardDeviation = [0.229, 0.224, 0.225]

  /// 255 for numbers from 0 to 1 (torchvision's `ToTensor`), 1 for those from 0 to 255.
  public var divisor: Float
  /// One number a channel, in the order that the channels have in the result.
  public var mean: [Float]
  /// What is divided by, for red, green and blue.
  public var standardDeviation: [Float]

  /// - Parameters:
  ///   - mean: three numbers in the order of the result's channels.
  ///   - standardDeviation: the same.
  public init(divisor: Float = 255, mean: [Float] = [0, 0, 0], standardDeviation: [Float] = [1, 1, 1]) {
    precondition(mean.count == 3 && standardDeviation.count == 3)
    self.divisor = divisor
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// With ImageNet's mean and deviation.
  public static let imageNet = Normalization(
    mean: imageNetMean.map { Float($0) }, standardDeviation: imageNetStandardDeviation.map { Float($0) })

  /// The number of each byte in a channel. Every step is rounded to single precision, as PyTorch does.
  func numbers(channel: Int) -> [Float] {
    (0..<256).map { (Float($0) / divisor - mean[channel]) / standardDeviation[channel] }
  }
}

/// The order of an image's channels.
public enum ChannelOrder: String, Sendable, Hashable, CaseIterable {
  /// Red, green, blue: as decoders give them.
  case rgb
  /// Blue, green, red: as OpenCV gives them.
  case bgr
}

/// Where the channels of an image stand.
public enum ImageLayout: String, Sendable, Hashable, CaseIterable {
  /// A plane a channel.
  case nchw
  /// The channels of a pixel beside each other.
  case nhwc
}

extension Image {
  /// The image as a network takes it, `[1, 3, height, width]` or `[1, height, width, 3]`; the same floats as
  /// torchvision's `ToTensor` and `Normalize`.
  public func tensorElements(
    _ normalization: Normalization = .imageNet, channelOrder: ChannelOrder = .rgb, layout: ImageLayout = .nchw
  ) -> [Float] {
    let tables = (0..<3).map(normalization.numbers)
    return elements(channelOrder: channelOrder, layout: layout) { byte, channel in tables[channel][Int(byte)]
    }
  }

  /// The bytes themselves in another order.
  public func tensorBytes(channelOrder: ChannelOrder = .rgb, layout: ImageLayout = .nhwc) -> [UInt8] {
    elements(channelOrder: channelOrder, layout: layout) { byte, _ in byte }
  }

  @inline(__always)
  private func elements<Element>(
    channelOrder: ChannelOrder, layout: ImageLayout, _ element: (UInt8, Int) -> Element
  ) -> [Element] {
    let count = width * height
    return unsafe [Element](unsafeUninitializedCapacity: count * 3) { target, initialized in
      unsafe pixels.withUnsafeBufferPointer { source in
        for channel in 0..<3 {
          let input = channelOrder == .rgb ? channel : 2 - channel
          let (start, step) = layout == .nchw ? (channel * count, 1) : (channel, 3)
          for index in 0..<count {
            unsafe (target.baseAddress! + start + index * step).initialize(
              to: element(source[index * 3 + input], channel))
          }
        }
      }
      initialized = count * 3
    }
  }
}

extension Image {
  /// The image in grey, its three channels alike: as Pillow's `convert("L")` weighs them, after ITU-R 601-2.
  public func grey() -> Image {
    unsafe Image(size: size) { target in
      unsafe pixels.withUnsafeBufferPointer { source in
        for index in 0..<width * height {
          let (red, green, blue) = unsafe (
            UInt32(source[index * 3]), UInt32(source[index * 3 + 1]), UInt32(source[index * 3 + 2])
          )
          let level = UInt8(truncatingIfNeeded: (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16)
          for channel in 0..<3 { unsafe target[index * 3 + channel] = level }
        }
      }
    }
  }
}
