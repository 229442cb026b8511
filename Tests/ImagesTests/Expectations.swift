import FileIO
import FoundationEssentials
import Images

/// A folder of images with what Pillow makes of them, as `fixtures/images/expectations.py` writes it.
struct Expectations {
  /// A line of the index and what differs from it.
  struct Outcome {
    /// The first word of the line.
    let kind: String
    let line: String
    /// Pixels in which any channel differs, and the largest difference; a wrong size or an error is nil.
    let difference: Difference?
  }

  struct Difference {
    var pixels = 0
    var largest = 0
  }

  let folder: String
  let lines: [[String]]
  /// What the Pillow that made the pixels does.
  private let order: ResamplingOrder
  private let pixels: [UInt8]

  init(folder: String) throws {
    self.folder = folder
    pixels = Array(try Data(contentsOf: URL(filePath: folder + "/pixels.rgb")))
    let text = String(decoding: try Data(contentsOf: URL(filePath: folder + "/index.txt")), as: UTF8.self)
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    order = Int(lines[0][1].prefix { $0 != "." })! < 13 ? .pillow12 : .pillow13
    self.lines = Array(lines.dropFirst())
  }

  /// Does what a line says, and compares.
  func check(_ line: [String]) -> Outcome {
    if line[0] == "refused" {
      let accepted = (try? decode(line[1])) != nil
      return Outcome(
        kind: line[0], line: line.joined(separator: " "), difference: accepted ? nil : Difference())
    }
    let result = try? result(line)
    let offset = Int(line.last!)!
    return Outcome(
      kind: line[0], line: line.joined(separator: " "),
      difference: result.flatMap { result in
        guard result.hasSize, offset + result.image.pixels.count <= pixels.count else { return nil }
        return Self.difference(result.image.pixels, pixels[offset..<offset + result.image.pixels.count])
      })
  }

  /// Our image of a line, and whether its size is what the line says.
  private func result(_ line: [String]) throws -> (image: Image, hasSize: Bool) {
    switch line[0] {
    case "image":
      let image = try decode(line[1])
      return (image, image.size == size(line[2]))
    case "stored":
      let image = try decode(line[1], Image.DecodingOptions(appliesOrientation: false))
      return (image, image.size == size(line[2]))
    case "background":
      let image = try decode(line[1], Image.DecodingOptions(background: Image.Color(line[2])))
      return (image, image.size == size(line[3]))
    case "resize":
      let image = try source(line).resized(
        to: size(line[4]), interpolation: Interpolation(rawValue: line[3])!, order: order)
      return (image, image.size == size(line[4]))
    case "torchvision":
      let image = try torchvision(line[3...]).apply(to: source(line))
      return (image, image.size == Image.Size(Int(line[4])!))
    case "timm":
      var preprocessing = try Preprocessing.timm(
        size: size(line[3]), cropPercentage: Double(line[4])!, cropMode: .init(rawValue: line[5])!,
        interpolation: Interpolation(rawValue: line[6])!)
      preprocessing.order = order
      let image = try preprocessing.apply(to: source(line))
      return (image, image.size == size(line[3]))
    case "answer":
      let image = try torchvision(line[2...]).apply(to: decode(line[1]))
      return (image, image.size == Image.Size(Int(line[3])!))
    default: fatalError("an unknown line: \(line)")
    }
  }

  func decode(_ name: String, _ options: Image.DecodingOptions = .init()) throws -> Image {
    try Image(decoding: .map(path: "\(folder)/\(name)"), options: options)
  }

  private func source(_ line: [String]) -> Image {
    let (offset, size) = (Int(line[1])!, size(line[2]))
    return Image(
      width: size.width, height: size.height,
      pixels: Array(pixels[offset..<offset + size.width * size.height * 3]))
  }

  private func torchvision(_ words: ArraySlice<String>) -> Preprocessing {
    let words = Array(words)
    var result = Preprocessing.torchvision(
      resize: Int(words[0])!, crop: Int(words[1])!, interpolation: Interpolation(rawValue: words[2])!)
    result.order = order
    return result
  }

  private func size(_ text: String) -> Image.Size {
    let sides = text.split(separator: "x").map { Int($0)! }
    return Image.Size(width: sides[0], height: sides[1])
  }

  private static func difference(_ ours: [UInt8], _ theirs: ArraySlice<UInt8>) -> Difference {
    var result = Difference()
    guard !theirs.elementsEqual(ours) else { return result }
    for pixel in stride(from: 0, to: ours.count, by: 3) {
      let largest = (pixel..<pixel + 3).map { abs(Int(ours[$0]) - Int(theirs[theirs.startIndex + $0])) }
        .max()!
      if largest > 0 { result.pixels += 1 }
      result.largest = max(result.largest, largest)
    }
    return result
  }
}
