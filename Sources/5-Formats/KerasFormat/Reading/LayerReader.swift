import FileIO
import JSONText

/// Reads the settings of one layer, and notes which were read: one that nobody knows is an error.
struct LayerReader {
  let layer: LayerConfiguration
  let path: String
  private var used: Set<String> = []

  /// Settings that say nothing about inference.
  private static let ignored: Set<String> = [
    "name", "trainable", "batch_input_shape", "batch_shape", "sparse", "ragged", "optional", "seed",
    "noise_shape", "rate", "momentum", "synchronized", "renorm", "renorm_clipping", "renorm_momentum",
    "virtual_batch_size", "fused", "lora_rank", "lora_alpha", "quantization_config", "autocast",
    "stddev", "l1", "l2", "drop_path_rate", "init_values", "function",
  ]
  private static let ignoredEndings = ["_initializer", "_regularizer", "_constraint"]
  /// The policies whose arithmetic float32 can stand in for.
  private static let policies: Set<String> = [
    "float32", "float16", "mixed_float16", "bfloat16", "mixed_bfloat16",
  ]

  init(_ layer: LayerConfiguration, path: String, isKeras3: Bool) throws(ScaleNetError) {
    self.layer = layer
    self.path = path
    try checkDataType()
    // In Keras 3 it is the model's call that decides, whatever its layers were called with.
    if layer.isTraining, layer.layerClass.dependsOnTraining, !isKeras3 {
      throw failure("training", "false", "true")
    }
  }

  func failure(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
    .invalidLayer(
      path: path, layer: layer.name, className: layer.className, place: place, expected: expected,
      found: found)
  }

  /// A setting; nil if it is not there or null.
  mutating func value(_ key: String) -> JSON? {
    used.insert(key)
    guard let value = layer.settings[key]?.unwrapped, value != .null else { return nil }
    return value
  }

  mutating func integer(_ key: String, default standard: Int? = nil) throws(ScaleNetError) -> Int {
    switch value(key) {
    case .integer(let value)?: return value
    case nil: if let standard { return standard }
    default: break
    }
    throw failure(key, "a whole number", layer.settings[key]?.kind ?? "nothing")
  }

  mutating func number(
    _ key: String, default standard: Double? = nil, allowsInfinity: Bool = false
  ) throws(ScaleNetError) -> Double? {
    switch value(key) {
    case .integer(let value)?: return Double(value)
    case .number(let value)? where value.isFinite || (allowsInfinity && value == .infinity): return value
    case nil: return standard
    case let found?: throw failure(key, "a number", found.kind)
    }
  }

  mutating func bool(_ key: String, default standard: Bool) throws(ScaleNetError) -> Bool {
    switch value(key) {
    case .bool(let value)?: return value
    case nil: return standard
    case let found?: throw failure(key, "true or false", found.kind)
    }
  }

  /// A setting that must be one of some words.
  mutating func word(_ key: String, _ words: [String], default standard: String) throws(ScaleNetError)
    -> String
  {
    switch value(key) {
    case .string(let value)? where words.contains(value): return value
    case nil: return standard
    case let found?: throw failure(key, words.joined(separator: " or "), found.kind)
    }
  }

  /// Positive numbers for height and width.
  mutating func pair(_ key: String, default standard: [Int]? = nil) throws(ScaleNetError) -> [Int] {
    switch value(key) {
    case .integer(let value)? where (1...1 << 24).contains(value): return [value, value]
    case .array(let items)?:
      let values = items.compactMap { if case .integer(let value) = $0 { value } else { nil } }
      if values.count == 2, items.count == 2, values.allSatisfy({ (1...1 << 24).contains($0) }) {
        return values
      }
    case nil: if let standard { return standard }
    default: break
    }
    throw failure(key, "two positive numbers", layer.settings[key]?.kind ?? "nothing")
  }

  /// Numbers for height and width that are not negative.
  mutating func extents(_ key: String) throws(ScaleNetError) -> [Int] {
    let found = value(key)
    var items: [JSON] = found.map { [$0, $0] } ?? []
    if case .array(let several)? = found { items = several }
    let numbers = items.compactMap { item -> Int? in
      if case .integer(let number) = item, (0...1 << 16).contains(number) { number } else { nil }
    }
    guard numbers.count == 2, items.count == 2 else {
      throw failure(key, "two numbers that are not negative", found?.kind ?? "nothing")
    }
    return numbers
  }

  /// Margins of height and width, as one number, two, or two for each: top, left, bottom, right.
  mutating func margins(_ key: String, default standard: Int) throws(ScaleNetError) -> [Int] {
    func side(_ json: JSON) -> [Int]? {
      switch json {
      case .integer(let both) where (0...1 << 16).contains(both): return [both, both]
      case .array(let items) where items.count == 2:
        let numbers = items.compactMap { item -> Int? in
          if case .integer(let number) = item, (0...1 << 16).contains(number) { number } else { nil }
        }
        return numbers.count == 2 ? numbers : nil
      default: return nil
      }
    }
    let stated = value(key) ?? .integer(standard)
    var sides = [side(stated), side(stated)]
    if case .array(let items) = stated { sides = items.count == 2 ? items.map(side) : [nil, nil] }
    guard let rows = sides[0], let columns = sides[1] else {
      throw failure(key, "margins of 0 to 65536", stated.kind)
    }
    return [rows[0], columns[0], rows[1], columns[1]]
  }

  /// A number, or a list of numbers of any depth; nil if it is not there.
  mutating func numbers(_ key: String) throws(ScaleNetError) -> [Double]? {
    guard let found = value(key) else { return nil }
    return try Self.numbers(found) { failure(key, "finite numbers", $0) }
  }

  /// All numbers of a number or list of any depth; `invalid` makes an error of what is something else.
  static func numbers(_ json: JSON, _ invalid: (String) -> ScaleNetError) throws(ScaleNetError) -> [Double] {
    var result: [Double] = []
    // What is left to look at, the last first.
    var rest = [json]
    while let next = rest.popLast() {
      if case .array(let items) = next {
        rest += items.reversed()
      } else if let number = next.double, number.isFinite {
        result.append(number)
      } else {
        throw invalid(next.kind)
      }
    }
    return result
  }

  /// An axis, as a number or as a list of one; below 0 counted from the end.
  mutating func axis(_ key: String, rank: Int, default standard: Int) throws(ScaleNetError) -> Int {
    let found = value(key)
    var axis: Int?
    switch found {
    case .integer(let value)?: axis = value
    case .array(let items)?: if items.count == 1, case .integer(let value) = items[0] { axis = value }
    case nil: axis = standard
    default: break
    }
    if let axis, (-rank..<rank).contains(axis) { return axis < 0 ? axis + rank : axis }
    throw failure(key, "an axis of rank \(rank)", found?.kind ?? "nothing")
  }

  /// Axes behind the batch, ascending; below 0 counted from the end.
  mutating func axes(_ key: String, rank: Int, default standard: Int) throws(ScaleNetError) -> [Int] {
    let found = value(key) ?? .integer(standard)
    var items = [found]
    if case .array(let several) = found { items = several }
    let axes = items.compactMap { item -> Int? in
      guard case .integer(let axis) = item, (-rank..<rank).contains(axis) else { return nil }
      return axis < 0 ? axis + rank : axis
    }
    guard !axes.isEmpty, axes.count == items.count, Set(axes).count == axes.count, !axes.contains(0) else {
      throw failure(key, "axes behind the batch of rank \(rank)", found.kind)
    }
    return axes.sorted()
  }

  mutating func dataFormat() throws(ScaleNetError) -> DataFormat {
    let word = try word(
      "data_format", DataFormat.allCases.map(\.rawValue), default: DataFormat.channelsLast.rawValue)
    return DataFormat(rawValue: word) ?? .channelsLast
  }

  /// Fails if there are settings that were not read and could matter.
  func finish() throws(ScaleNetError) {
    // What augments images is all about training.
    if layer.layerClass == .augmentation { return }
    guard case .object(let members) = layer.settings else { return }
    for member in members {
      let isKnown =
        used.contains(member.key) || Self.ignored.contains(member.key) || member.key == "dtype"
        || Self.ignoredEndings.contains { member.key.hasSuffix($0) }
      if !isKnown { throw failure(member.key, "settings that are known here", "this one") }
    }
  }

  /// Whether the layer computes in float16.
  var isHalf: Bool {
    let stated = layer.settings["dtype"]
    let name = stated?["config"]?["name"] ?? stated
    return name == .string("mixed_float16") || name == .string("float16")
  }

  /// A name, or the configuration of a policy, which has one.
  private func checkDataType() throws(ScaleNetError) {
    guard let stated = layer.settings["dtype"], stated != .null else { return }
    let name = stated["config"]?["name"] ?? stated
    // An input's type is its array's.
    if layer.layerClass == .input { return }
    guard case .string(let text) = name, Self.policies.contains(text) else {
      throw failure("dtype", "float32 or mixed precision", name.kind)
    }
  }
}
