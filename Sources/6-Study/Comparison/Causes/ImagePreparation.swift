/// What is done to images before a network reads them, or undone: x * factor + shift for each channel, which may be put in
/// the opposite order first.
struct ImagePreparation {
  let what: String
  /// One for all channels, or one for each.
  let factor: [Float]
  let shift: [Float]
  var reversesChannels = false

  /// Those of torchvision, of Keras's `preprocess_input` (its modes "torch", "tf" and "caffe") and of scripts of one's own.
  static let usual: [Self] = {
    let mean: [Float] = [0.485, 0.456, 0.406]
    let deviation: [Float] = [0.229, 0.224, 0.225]
    let caffe: [Float] = [103.939, 116.779, 123.68]
    let shift = zip(mean, deviation).map { -$0 / $1 }
    return [
      Self(what: "x / 255", factor: [1 / 255], shift: [0]),
      Self(what: "x * 255", factor: [255], shift: [0]),
      Self(what: "2 x - 1", factor: [2], shift: [-1]),
      Self(what: "x / 127.5 - 1", factor: [1 / 127.5], shift: [-1]),
      Self(what: "(x + 1) / 2", factor: [0.5], shift: [0.5]),
      Self(what: "(x + 1) * 127.5", factor: [127.5], shift: [127.5]),
      Self(what: "mean and deviation of ImageNet", factor: deviation.map { 1 / $0 }, shift: shift),
      Self(what: "without mean and deviation of ImageNet", factor: deviation, shift: mean),
      Self(
        what: "x / 255, then mean and deviation of ImageNet", factor: deviation.map { 1 / (255 * $0) },
        shift: shift),
      Self(
        what: "without mean and deviation of ImageNet, times 255", factor: deviation.map { 255 * $0 },
        shift: mean.map { 255 * $0 }),
      Self(
        what: "Caffe's mean taken from channels in the opposite order", factor: [1],
        shift: caffe.map { -$0 }, reversesChannels: true),
      Self(what: "Caffe's mean for BGR taken away", factor: [1], shift: caffe.map { -$0 }),
      Self(what: "Caffe's mean for RGB taken away", factor: [1], shift: caffe.reversed().map { -$0 }),
      Self(
        what: "Caffe's mean added, then the channels in the opposite order", factor: [1],
        shift: caffe.reversed(), reversesChannels: true),
      Self(what: "Caffe's mean for BGR added", factor: [1], shift: caffe),
      Self(what: "Caffe's mean for RGB added", factor: [1], shift: caffe.reversed()),
    ]
  }()

  /// Numbers for three channels are for no other number of them.
  func fits(channels: Int) -> Bool {
    channels == 3 || (factor.count == 1 && shift.count == 1 && !reversesChannels)
  }

  /// The prepared elements of images.
  ///
  /// - Parameter shape: [N, C, H, W].
  func apply(to elements: [Float], _ shape: [Int]) -> [Float] {
    let (channels, area) = (shape[1], shape[2] * shape[3])
    return elements.indices.map { index in
      let channel = index / area % channels
      let from = reversesChannels ? index + (channels - 1 - 2 * channel) * area : index
      return elements[from] * factor[channel % factor.count] + shift[channel % shift.count]
    }
  }
}
