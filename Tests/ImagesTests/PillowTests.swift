import FileIO
import FoundationEssentials
import Images
import TestSupport
import Testing

/// Pixels against Pillow's.
@Suite struct PillowTests {
  @Test("Every image and size of the fixtures is Pillow's, to the last bit")
  func fixtures() throws {
    let expectations = try Expectations(folder: Fixtures.path("images"))
    #expect(expectations.lines.count > 150)
    for line in expectations.lines {
      let outcome = expectations.check(line)
      #expect(outcome.difference?.pixels == 0, "\(outcome.line): \(outcome.difference as Any)")
    }
  }

  @Test("A part of a resized image has the pixels of the whole", arguments: Interpolation.allCases)
  func partOfResized(_ interpolation: Interpolation) throws {
    let image = try Expectations(folder: Fixtures.path("images")).decode("444.jpg")
    for size in [
      Image.Size(width: 31, height: 9), Image.Size(width: 7, height: 13), Image.Size(width: 19, height: 29),
    ] {
      let whole = try image.resized(to: size, interpolation: interpolation)
      let part = try image.resized(to: size, columns: 2..<6, rows: 1..<8, interpolation: interpolation)
      #expect(part == whole.cropped(x: 2, y: 1, to: Image.Size(width: 4, height: 7)))
    }
  }

  @Test("The order of the passes is that of a version", arguments: Interpolation.allCases)
  func order(_ interpolation: Interpolation) throws {
    func passes(_ image: Image, to size: Image.Size, rowsFirst: Bool) throws -> Image {
      let between =
        rowsFirst
        ? Image.Size(width: size.width, height: image.height)
        : Image.Size(width: image.width, height: size.height)
      return try image.resized(to: between, interpolation: interpolation).resized(
        to: size, interpolation: interpolation)
    }
    let image = try Expectations(folder: Fixtures.path("images")).decode("444.jpg")
    let size = Image.Size(width: 17, height: 5)
    let old = try image.resized(to: size, interpolation: interpolation, order: .pillow12)
    let new = try image.resized(to: size, interpolation: interpolation)
    #expect(try old == passes(image, to: size, rowsFirst: true))
    #expect(try new == passes(image, to: size, rowsFirst: false))
    #expect((old == new) == (interpolation == .nearest))

    // 741 pixels in three columns.
    let tall = Image(
      width: 3, height: 741, pixels: (0..<9).flatMap { _ in image.pixels }.prefix(3 * 741 * 3).map { $0 })
    for order in ResamplingOrder.allCases {
      let lower = Image.Size(width: 2, height: 100)
      let result = try tall.resized(to: lower, interpolation: interpolation, order: order)
      #expect(try result == passes(tall, to: lower, rowsFirst: false))
    }
  }

  @Test("Numbers are those of ToTensor and Normalize, in every order and layout")
  func normalization() throws {
    let bytes = try Fixtures.bytes("images/normalized.f32")
    let expected = (0..<768).map { index in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[index * 4 + $1]) << (8 * UInt32($1)) })
    }
    let pixels = (0..<256).flatMap { [UInt8($0), UInt8(255 - $0), UInt8($0 ^ 0x55)] }
    let image = Image(width: 32, height: 8, pixels: pixels)
    func number(_ pixel: Int, channel: Int, of sample: Int) -> Float {
      expected[channel * 256 + Int(pixels[pixel * 3 + sample])]
    }
    let planes = image.tensorElements()
    let beside = image.tensorElements(layout: .nhwc)
    let reversed = image.tensorElements(channelOrder: .bgr)
    for pixel in 0..<256 {
      for channel in 0..<3 {
        #expect(planes[channel * 256 + pixel] == number(pixel, channel: channel, of: channel))
        #expect(beside[pixel * 3 + channel] == number(pixel, channel: channel, of: channel))
        #expect(reversed[channel * 256 + pixel] == number(pixel, channel: channel, of: 2 - channel))
      }
    }
    #expect(image.tensorBytes() == pixels)
    #expect(
      image.tensorBytes(layout: .nchw)[256..<512].elementsEqual(
        stride(from: 1, to: 768, by: 3).map { pixels[$0] }))
    #expect(image.tensorBytes(channelOrder: .bgr).prefix(3).elementsEqual(pixels[0..<3].reversed()))
  }

  @Test("Several threads decode one file at a time")
  func concurrency() async throws {
    let region = try ByteRegion.map(path: Fixtures.path("images/420-progressive.jpg"))
    let other = try ByteRegion.map(path: Fixtures.path("images/type6-16-interlaced.png"))
    let expected = [try Image(decoding: region), try Image(decoding: other)]
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<64 {
        group.addTask { try Image(decoding: index % 2 == 0 ? region : other) == expected[index % 2] }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  private static let sweepFolder = ProcessInfo.processInfo.environment["SCALENET_IMAGE_SWEEP"]

  /// A folder that `Tests/Peers/images/make_sweep.py` has filled; prints what differs by kind.
  @Test("Every image of the folder in SCALENET_IMAGE_SWEEP is Pillow's", .enabled(if: sweepFolder != nil))
  func sweep() throws {
    let folder = try #require(Self.sweepFolder)
    let expectations = try Expectations(folder: folder)
    var totals: [String: (lines: Int, wrong: Int, differing: Int, pixels: Int, largest: Int)] = [:]
    for line in expectations.lines {
      let outcome = expectations.check(line)
      var total = totals[outcome.kind] ?? (0, 0, 0, 0, 0)
      total.lines += 1
      if let difference = outcome.difference {
        if difference.pixels > 0 { total.differing += 1 }
        total.pixels += difference.pixels
        total.largest = max(total.largest, difference.largest)
      } else {
        total.wrong += 1
      }
      if outcome.difference?.pixels != 0 { print("\(outcome.line): \(outcome.difference as Any)") }
      totals[outcome.kind] = total
    }
    for (kind, total) in totals.sorted(by: { $0.key < $1.key }) {
      print(
        "\(kind): \(total.lines) compared, \(total.wrong) of another size or refused, \(total.differing) differ, "
          + "in \(total.pixels) pixels by at most \(total.largest)")
      #expect(total.wrong == 0)
      #expect(total.differing == 0)
    }
  }
}
