import FileIO
import JSONText
import ModelIR

/// Images of other sizes.
extension GraphAssembler {
  mutating func addUpSampling(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    let value = try image(try input(reader), format, reader)
    let factors = try reader.pair("size", default: [2, 2])
    let interpolation = try reader.word("interpolation", Self.interpolations, default: "nearest")
    let extents = extents(value.id)
    let sizes = [
      extents[2].multipliedReportingOverflow(by: factors[0]),
      extents[3].multipliedReportingOverflow(by: factors[1]),
    ]
    guard !sizes.contains(where: \.overflow) else {
      throw reader.failure("size", "factors in range", "\(factors)")
    }
    guard interpolation == "nearest" else {
      return try resized(
        value, sizes.map(\.partialValue), interpolation, antialias: false, name: reader.layer.name, reader)
    }
    var result = value
    result.id = try node(
      reader.layer.name,
      .resize(
        Resize(
          mode: .nearest, coordinateTransformation: .asymmetric, extent: .sizes(sizes.map(\.partialValue)))),
      [value.id])
    return result
  }

  private static var interpolations: [String] {
    ["nearest"] + ResamplingWeights.Kernel.allCases.map(\.rawValue)
  }

  mutating func addResizing(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    let value = try image(try input(reader), format, reader)
    let sizes = [try reader.integer("height"), try reader.integer("width")]
    return try addResizing(value, sizes, &reader)
  }

  /// Keras 3's operation, and TensorFlow's, which calls the interpolation a method.
  mutating func addResizeOperation(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(
      reader, but: ["size", "method", "antialias", "preserve_aspect_ratio", "name"])
    let format = try reader.dataFormat()
    let value = try image(try input(reader), format, reader)
    let sizes = try integers(["size"], at: 0, &reader) ?? []
    guard sizes.count == 2 else { throw reader.failure("size", "height and width", "\(sizes)") }
    guard reader.layer.settings["function"] != nil else { return try addResizing(value, sizes, &reader) }
    let method = constant("method", at: 1, reader) ?? "bilinear"
    guard case .string(let word) = method, Self.interpolations.contains(word) else {
      throw reader.failure("method", Self.interpolations.joined(separator: " or "), method.kind)
    }
    let keepsAspect = constant("preserve_aspect_ratio", at: Int.max, reader) ?? .bool(false)
    guard keepsAspect == .bool(false) else {
      throw reader.failure("preserve_aspect_ratio", "false", keepsAspect.kind)
    }
    let antialias = constant("antialias", at: Int.max, reader) == .bool(true)
    return try resized(value, sizes, word, antialias: antialias, name: reader.layer.name, reader)
  }

  private mutating func addResizing(
    _ value: LayerValue, _ sizes: [Int], _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = value
    let interpolation = try reader.word("interpolation", Self.interpolations, default: "bilinear")
    let antialias = try reader.bool("antialias", default: false)
    let crops = try reader.bool("crop_to_aspect_ratio", default: false)
    let pads = try reader.bool("pad_to_aspect_ratio", default: false)
    // What is filled if something is padded.
    _ = try reader.word("fill_mode", ["constant"], default: "constant")
    let fill = try reader.number("fill_value", default: 0) ?? 0
    let extents = extents(value.id)
    let (height, width) = (extents[2], extents[3])
    guard sizes.allSatisfy({ (1...1 << 16).contains($0) }), height > 0, width > 0 else {
      throw reader.failure("height, width", "positive numbers", "\(sizes)")
    }
    let name = reader.layer.name
    if pads {
      // The extents that the aspect of the result asks for.
      let tall = Int(Double(width * sizes[0]) / Double(sizes[1]))
      let wide = Int(Double(height * sizes[1]) / Double(sizes[0]))
      let (rows, columns) = (max(height, tall) - height, max(width, wide) - width)
      // An odd row or column is left out on TensorFlow.
      let margins = [rows / 2, columns / 2, rows / 2, columns / 2]
      if margins != [0, 0, 0, 0] {
        value.id = try node(
          unusedName("\(name)_pad"), .pad(Pad(margins: margins, value: Float(fill))), [value.id])
      }
    } else if crops {
      value = try cropped(value, sizes, reader)
    }
    return try resized(value, sizes, interpolation, antialias: antialias, name: name, reader)
  }

  /// The middle of an image, as large as it can be with the aspect of other sizes.
  private mutating func cropped(
    _ value: LayerValue, _ sizes: [Int], _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = value
    let extents = extents(value.id)
    let (height, width) = (extents[2], extents[3])
    let tall = Int(Double(width * sizes[0]) / Double(sizes[1]))
    let wide = Int(Double(height * sizes[1]) / Double(sizes[0]))
    let counts = [min(height, max(tall, 1)), min(width, max(wide, 1))]
    guard counts != [height, width] else { return value }
    let slice = Slice(
      axes: [2, 3], starts: [(height - counts[0]) / 2, (width - counts[1]) / 2], steps: [1, 1],
      counts: counts)
    value.id = try node(unusedName("\(reader.layer.name)_crop"), .slice(slice), [value.id])
    return value
  }

  /// An image of another height and width. All but nearest and bilinear are two products with weights that are known.
  private mutating func resized(
    _ value: LayerValue, _ sizes: [Int], _ interpolation: String, antialias: Bool, name: String,
    _ reader: LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    var value = value
    let extents = extents(value.id)
    let isNearest = interpolation == "nearest"
    if isNearest || interpolation == "bilinear" && !antialias {
      // TensorFlow's nearest takes floor((i + 0.5) * scale): half a pixel on, rounded to the nearest, ties up.
      value.id = try node(
        name,
        .resize(
          Resize(
            mode: isNearest ? .nearest : .linear, coordinateTransformation: .halfPixel,
            nearestMode: isNearest ? .roundPreferCeil : .floor, extent: .sizes(sizes))),
        [value.id])
      return value
    }
    guard let kernel = ResamplingWeights.Kernel(rawValue: interpolation),
      zip(extents[2...], sizes).allSatisfy({ $0 > 0 && $0 <= 1 << 13 && $1 > 0 && $1 <= 1 << 13 })
    else {
      throw reader.failure("interpolation", "nearest or bilinear for such sizes", interpolation)
    }
    value.isNonNegative = value.isNonNegative && kernel == .area
    func weights(_ axis: Int) -> [[Float]] {
      ResamplingWeights(kernel, from: extents[axis + 2], to: sizes[axis], antialias: antialias).rows
    }
    let (rows, columns) = (weights(0), weights(1))
    let right = Tensor(columns.flatMap(\.self), shape: [sizes[1], extents[3]]).transposed([1, 0])
    let left = Tensor(rows.flatMap(\.self), shape: [sizes[0], extents[2]])
    let wide = try node(
      unusedName("\(name)_width"), .matMul(MatMul()), [value.id, try initializer("\(name).width", right)])
    value.id = try node(name, .matMul(MatMul()), [try initializer("\(name).height", left), wide])
    return value
  }

  /// The middle of an image; one that is smaller is enlarged.
  mutating func addCenterCrop(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let format = try reader.dataFormat()
    var value = try image(try input(reader), format, reader)
    let sizes = [try reader.integer("height"), try reader.integer("width")]
    let extents = Array(extents(value.id)[2...])
    guard sizes.allSatisfy({ (1...1 << 16).contains($0) }), extents.allSatisfy({ $0 > 0 }) else {
      throw reader.failure("height, width", "positive numbers", "\(sizes)")
    }
    guard zip(sizes, extents).allSatisfy({ $0 <= $1 }) else {
      return try resized(
        try cropped(value, sizes, reader), sizes, "bilinear", antialias: false, name: reader.layer.name,
        reader)
    }
    let slice = Slice(
      axes: [2, 3], starts: zip(extents, sizes).map { ($0 - $1) / 2 }, steps: [1, 1], counts: sizes)
    if sizes != extents { value.id = try node(reader.layer.name, .slice(slice), [value.id]) }
    return value
  }
}
