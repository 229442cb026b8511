import FileIO
import ModelIR

/// What is decided about a graph's inputs before it is read: extents for open ones, and arrays that inputs will have.
struct InputBinding {
  private let path: String
  /// Extents to set for open ones, by their names.
  private var extents: [String: Int]
  private let imageSize: ONNXReader.ImageSize?
  private let given: ONNXReader.Given
  /// Arrays given for inputs that the graph keeps.
  var values: [ValueID: Tensor] = [:]

  init(_ options: ONNXReader.Options, path: String) {
    self.path = path
    extents = options.dimensions
    imageSize = options.imageSize
    given = options.given
  }

  private func invalid(_ place: String, _ expected: String, _ found: String) -> ScaleNetError {
    .invalidModel(path: path, place: place, expected: expected, found: found)
  }

  /// The arrays that are given for inputs, by name; open extents become theirs.
  mutating func bind(_ inputs: [ValueMessage]) throws(ScaleNetError) -> [String: Tensor] {
    var arrays = try arrays(inputs)
    for input in inputs {
      if let array = arrays[input.name], let stated = input.extents {
        // What does not fit stays as it is, for errors to name.
        let dimensions = stated.map { $0.isOpen ? Dimension.unknown : Dimension.fixed(Int($0.value ?? 0)) }
        arrays[input.name] = array.fitted(to: dimensions)?.tensor ?? array
      }
      if let array = arrays[input.name] { try bindExtents(of: input, to: array) } else { bindSize(of: input) }
    }
    return arrays
  }

  private func arrays(_ inputs: [ValueMessage]) throws(ScaleNetError) -> [String: Tensor] {
    switch given {
    case .none: return [:]
    case .only(let array):
      guard inputs.count == 1 else {
        throw invalid(
          "graph inputs", "one input for the one array that is given without a name",
          inputs.isEmpty ? "none" : inputs.map(\.name).joined(separator: ", "))
      }
      return [inputs[0].name: array]
    case .archive(let arrays):
      if inputs.count == 1, arrays.count == 1, let array = arrays.first?.value {
        return [inputs[0].name: array]
      }
      let known = arrays.filter { name, _ in inputs.contains { $0.name == name } }
      if let missing = inputs.first(where: { known[$0.name] == nil }) {
        throw invalid(
          "graph input \(missing.name)", "an array", "only \(arrays.keys.sorted().joined(separator: ", "))")
      }
      return known
    case .named(let arrays):
      let names = inputs.map(\.name)
      if let name = arrays.keys.filter({ !names.contains($0) }).min() {
        throw invalid("array \(name)", "one of the inputs \(names.joined(separator: ", "))", name)
      }
      if let name = names.first(where: { arrays[$0] == nil }) {
        throw invalid("graph input \(name)", "an array", "none")
      }
      return arrays
    }
  }

  /// Sets open extents of an input to those of the array that is given for it.
  private mutating func bindExtents(of input: ValueMessage, to array: Tensor) throws(ScaleNetError) {
    guard let stated = input.extents, stated.count == array.shape.rank else { return }
    for (axis, extent) in stated.enumerated() where extent.isOpen {
      let name = Self.extentName(extent, axis: axis, of: input)
      guard extents[name] == nil || extents[name] == array.shape[axis] else {
        throw invalid(
          "array \(input.name), axis \(axis)", "\(extents[name] ?? 0), the extent \(name)",
          "\(array.shape[axis])")
      }
      extents[name] = array.shape[axis]
    }
  }

  /// Sets the open height and width of an image.
  private mutating func bindSize(of input: ValueMessage) {
    guard let imageSize, let stated = input.extents, stated.count == 4 else { return }
    let axes = TensorType.imageAxes(stated.map { $0.isOpen ? nil : $0.value.map { Int($0) } })
    for (axis, size) in zip(axes, [imageSize.height, imageSize.width]) where stated[axis].isOpen {
      let name = Self.extentName(stated[axis], axis: axis, of: input)
      if extents[name] == nil { extents[name] = size }
    }
  }

  /// Extents without a name are each one of their own.
  private static func extentName(_ extent: ValueMessage.Extent, axis: Int, of value: ValueMessage) -> String {
    extent.name.isEmpty || extent.name == "?" ? "\(value.name)_dim_\(axis)" : extent.name
  }

  /// The declared type of an input; nil if the file gives no type or no shape.
  func type(of value: ValueMessage, place: String, allowsEmpty: Bool) throws(ScaleNetError) -> TensorType? {
    guard let number = value.elementType, let stated = value.extents else { return nil }
    guard let dataType = DataType(onnxNumber: number) else {
      throw invalid(place, "a type of numbers", DataType.onnxName(number))
    }
    var result: [Dimension] = []
    for (axis, extent) in stated.enumerated() {
      if let value = extent.value, !extent.isOpen {
        guard value > 0 || value == 0 && allowsEmpty else {
          throw invalid("\(place), axis \(axis)", "a positive extent", "\(value)")
        }
        result.append(.fixed(Int(value)))
      } else {
        let name = Self.extentName(extent, axis: axis, of: value)
        if let bound = extents[name] {
          guard bound > 0 || bound == 0 && allowsEmpty else {
            throw invalid("extent given for \(name)", "a positive one", "\(bound)")
          }
          result.append(.fixed(bound))
        } else {
          result.append(.symbolic(name))
        }
      }
    }
    guard TensorShape(checking: result.compactMap(\.value)) != nil else {
      throw invalid(place, "a size in range", "\(TensorType(dataType, result))")
    }
    return TensorType(dataType, result)
  }
}

extension GraphReader {
  mutating func addInputs() throws(ScaleNetError) {
    var names = Set<String>()
    var needed: [ValueMessage] = []
    for input in message.inputs {
      let place = "graph input \(input.name)"
      guard !input.name.isEmpty else { throw invalid("graph input", "a name", "none") }
      guard names.insert(input.name).inserted else { throw invalid(place, "one of that name", "two") }
      // Until version 3 of the format every initializer was listed as an input too.
      if scope.operand(input.name) == nil { needed.append(input) }
    }
    let arrays = try inputs.bind(needed)
    for input in needed {
      let place = "graph input \(input.name)"
      let array = arrays[input.name]
      // An array without elements is one that is left out, such as the roi of a Resize.
      let declared = try inputs.type(of: input, place: place, allowsEmpty: array?.elementCount == 0)
      let found = array.map { TensorType($0.dataType, $0.shape) }
      guard let type = declared ?? found else { throw invalid(place, "a type and a shape", "none") }
      // Bits in the place of numbers, as NumPy has neither bfloat16 nor numbers of eight bits.
      if type.dataType == .bfloat16 || type.dataType.isSmallFloat, let array, array.dataType.isInteger {
        throw invalid("array \(input.name)", "real numbers, such as float32", array.dataType.rawValue)
      }
      if let array, Self.isConstant(array, type.dataType) {
        guard type.dimensions == found?.dimensions else {
          throw invalid(place, "\(type)", "an array \(TensorType(type.dataType, array.shape))")
        }
        let tensor =
          type.dataType == array.dataType
          ? array
          : try Self.inFile(path) { () throws(ScaleNetError) in try Evaluator.cast(array, to: type.dataType) }
        _ = scope.define(input.name, .constant(KnownTensor(tensor), value: nil))
        continue
      }
      let id = try Self.inFile(path) { () throws(ScaleNetError) in try graph.addInput(input.name, type) }
      _ = scope.define(input.name, .value(id))
      if let array { inputs.values[id] = array }
      for (axis, dimension) in type.dimensions.enumerated() {
        guard let base = dimension.baseAndFactor, base.factor == 1 else { continue }
        if extentSources[base.base] == nil { extentSources[base.base] = (id, axis) }
      }
    }
  }

  /// Whether an array that is given is what operators want to know while reading: numbers that are no real ones, such as
  /// shapes, as long as they are few.
  private static func isConstant(_ array: Tensor, _ dataType: DataType) -> Bool {
    array.elementCount == 0
      || !dataType.isFloatingPoint && array.elementCount <= KnownTensor.largestCount
  }
}
