import FileIO
import JSONText
import ModelIR

/// Operations that take axes, extents or limits: Keras 3 has these among an operation's settings, TensorFlow among its
/// arguments.
extension GraphAssembler {
  /// What an argument or setting of one of these names says; without a name, the constant at a position.
  func stated(_ names: [String], at position: Int, _ reader: inout LayerReader) -> JSON? {
    for name in names {
      // Only the first name stands for the position too.
      let place = name == names[0] ? position : Int.max
      if let found = constant(name, at: place, reader)?.unwrapped { return found }
      if let found = reader.value(name) { return found }
    }
    return nil
  }

  /// One number; nil if it is not there.
  func number(
    _ names: [String], at position: Int, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> Double? {
    guard let found = stated(names, at: position, &reader) else { return nil }
    guard let number = found.double, number.isFinite else {
      throw reader.failure(names[0], "a number", found.kind)
    }
    return number
  }

  /// Whole numbers, of which one may stand alone; nil if there are none.
  func integers(
    _ names: [String], at position: Int, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> [Int]? {
    guard let found = stated(names, at: position, &reader) else { return nil }
    var items = [found]
    if case .array(let several) = found { items = several }
    let numbers = items.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    guard numbers.count == items.count else {
      throw reader.failure(names[0], "whole numbers", found.kind)
    }
    return numbers
  }

  /// Axes of Keras's behind the batch, ascending.
  func axes(
    _ names: [String], rank: Int, at position: Int, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> [Int] {
    let found = try integers(names, at: position, &reader) ?? []
    let axes = found.map { $0 < 0 ? $0 + rank : $0 }
    guard !axes.isEmpty, axes.allSatisfy({ (1..<rank).contains($0) }), Set(axes).count == axes.count else {
      throw reader.failure(names[0], "axes behind the batch of rank \(rank)", "\(found)")
    }
    return axes.sorted()
  }

  func clip(_ reader: inout LayerReader) throws(ScaleNetError) -> Unary {
    guard let least = try number(["clip_value_min", "x_min"], at: 0, &reader),
      let most = try number(["clip_value_max", "x_max"], at: 1, &reader)
    else { throw reader.failure("inbound_nodes", "two limits", "fewer") }
    return .clip(minimum: Float(least), maximum: Float(most))
  }

  /// Numbers that are added along the channels.
  mutating func addBias(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["bias", "data_format"])
    var value = try input(reader)
    guard let stated = stated(["bias"], at: 0, &reader) else {
      throw reader.failure("bias", "numbers", "nothing")
    }
    let numbers = try LayerReader.numbers(stated) { reader.failure("bias", "numbers", $0) }
    var axis = value.order.last
    if case .string(let format)? = constant("data_format", at: Int.max, reader), format.hasPrefix("NC") {
      axis = value.order.count > 1 ? value.order[1] : nil
    }
    guard let axis, numbers.count == extents(value.id)[axis] else {
      throw reader.failure("bias", "a number for each channel", "\(numbers.count)")
    }
    let bias = try constant("\(reader.layer.name).bias", numbers, value, axis: axis)
    value.id = try node(reader.layer.name, .binary(.add), [value.id, bias])
    value.isNonNegative = false
    return value
  }

  mutating func addReshaping(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let names = ["shape", "newshape"]
    try requireNoConstants(reader, but: names)
    let value = try rawInput(reader)
    // The first extent is the batch's, which stays.
    guard let shape = try integers(names, at: 0, &reader), shape.count > 1, shape[0] == -1 else {
      throw reader.failure("shape", "-1 for the batch, and extents behind it", "others")
    }
    return try reshaped(value, Array(shape.dropFirst()), reader)
  }

  /// Another order of the axes takes no node until somebody needs them in it.
  mutating func addTransposition(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["perm", "conjugate", "axes"])
    var value = try input(reader)
    let found = try integers(["perm", "axes"], at: 0, &reader) ?? []
    guard found.first == 0, found.sorted() == Array(value.order.indices) else {
      throw reader.failure("perm", "the batch first, and each axis once", "\(found)")
    }
    value.order = found.map { value.order[$0] }
    return value
  }

  mutating func addAxis(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis"])
    var value = try input(reader)
    let rank = value.order.count
    let found = try axes(["axis"], rank: rank + 1, at: 0, &reader)
    guard found.count == 1 else { throw reader.failure("axis", "one axis", "\(found)") }
    value.id = try node(reader.layer.name, .unsqueeze(Unsqueeze(axes: [rank])), [value.id])
    value.order.insert(rank, at: found[0])
    return value
  }

  mutating func addSqueeze(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis"])
    var value = try input(reader)
    let found = try axes(["axis"], rank: value.order.count, at: 0, &reader)
    let axes = found.map { value.order[$0] }.sorted()
    value.id = try node(reader.layer.name, .squeeze(Squeeze(axes: axes)), [value.id])
    value.dropAxes(at: found)
    return value
  }

  /// Zeros, or another number, around a value.
  mutating func addPadding(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["paddings", "mode", "constant_values"])
    var value = try input(reader)
    let stated = stated(["paddings", "pad_width"], at: 0, &reader)
    let rank = value.order.count
    var pads = [Int](repeating: 0, count: 2 * rank)
    var isValid = false
    if case .array(let sides)? = stated, sides.count == rank {
      isValid = true
      for (position, side) in sides.enumerated() {
        guard case .array(let items) = side.unwrapped, items.count == 2,
          case .integer(let before) = items[0], case .integer(let after) = items[1],
          (0...1 << 16).contains(before), (0...1 << 16).contains(after), position > 0 || before + after == 0
        else {
          isValid = false
          break
        }
        (pads[value.order[position]], pads[value.order[position] + rank]) = (before, after)
      }
    }
    guard isValid else {
      throw reader.failure(
        "paddings", "two numbers for each axis, 0 for the batch", stated?.kind ?? "nothing")
    }
    let mode = constant("mode", at: Int.max, reader) ?? reader.value("mode") ?? "constant"
    guard case .string(let word) = mode, ["constant", "reflect"].contains(word.lowercased()) else {
      throw reader.failure("mode", "constant or reflect", mode.kind)
    }
    let fill = try number(["constant_values"], at: Int.max, &reader) ?? 0
    let kind: Pad.Mode = word.lowercased() == "reflect" ? .reflect : .constant
    value.id = try node(
      reader.layer.name, .pad(Pad(pads: pads, mode: kind, value: kind == .constant ? Float(fill) : 0)),
      [value.id])
    value.isNonNegative = value.isNonNegative && fill >= 0
    return value
  }

  mutating func addConcatenation(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis"])
    let values = try alike(try inputs(reader), reader)
    let found = try axes(["axis"], rank: values[0].order.count, at: 0, &reader)
    guard found.count == 1 else { throw reader.failure("axis", "one axis", "\(found)") }
    var value = values[0]
    let op = Concat(axis: value.order[found[0]])
    value.id = try node(reader.layer.name, .concat(op), values.map(\.id))
    value.isNonNegative = values.allSatisfy(\.isNonNegative)
    return value
  }

  /// The mean, sum or extremum over axes behind the batch.
  mutating func addReduction(
    _ function: Reduce.Function, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis", "keepdims"])
    var value = try input(reader)
    let found = try axes(["axis"], rank: value.order.count, at: 0, &reader)
    let keeps = stated(["keepdims"], at: 1, &reader) ?? false
    if let start = reader.value("initial") { throw reader.failure("initial", "nothing", start.kind) }
    guard case .bool(let keepsAxes) = keeps else {
      throw reader.failure("keepdims", "true or false", keeps.kind)
    }
    let axes = found.map { value.order[$0] }.sorted()
    value.id = try node(
      reader.layer.name, .reduce(Reduce(function, axes: axes, keepsAxes: keepsAxes)), [value.id])
    if !keepsAxes { value.dropAxes(at: found) }
    return value
  }

  mutating func addSoftmaxOperation(
    isLogarithm: Bool, _ reader: inout LayerReader
  ) throws(ScaleNetError) -> LayerValue {
    try requireNoConstants(reader, but: ["axis"])
    var value = try input(reader)
    let rank = value.order.count
    let isStated = stated(["axis"], at: 0, &reader) != nil
    let found = isStated ? try axes(["axis"], rank: rank, at: 0, &reader) : [rank - 1]
    guard found.count == 1 else { throw reader.failure("axis", "one axis", "\(found)") }
    let axis = value.order[found[0]]
    value.id = try node(
      reader.layer.name,
      isLogarithm ? .logSoftmax(LogSoftmax(axis: axis)) : .softmax(Softmax(axis: axis)), [value.id])
    value.isNonNegative = !isLogarithm
    return value
  }
}
