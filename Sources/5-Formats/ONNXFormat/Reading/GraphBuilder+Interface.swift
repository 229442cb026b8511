import FileIO
import ModelIR

extension GraphBuilder {
  mutating func addInitializers(_ initializers: [TensorMessage]) throws(ScaleNetError) {
    for initializer in initializers {
      guard !initializer.name.isEmpty else { throw invalid(initializer.place, "a name", "none") }
      let name = resolve(initializer.name) ?? initializer.name
      guard known[name] == nil else {
        throw invalid(initializer.place, "a name of its own", "a second \(initializer.name)")
      }
      known[name] = .constant(try loader.tensor(initializer, name: initializer.name), value: nil)
    }
  }

  mutating func addInputs() throws(ScaleNetError) {
    var names = Set<String>()
    var needed: [ValueMessage] = []
    for input in message.inputs {
      let place = "graph input \(input.name)"
      guard !input.name.isEmpty else { throw invalid("graph input", "a name", "none") }
      guard names.insert(input.name).inserted else { throw invalid(place, "one of that name", "two") }
      // Until version 3 of the format every initializer was listed as an input too.
      if known[input.name] == nil { needed.append(input) }
    }
    let arrays = try givenArrays(needed)
    for input in needed {
      if let array = arrays[input.name] { try bindExtents(of: input, to: array) } else { bindSize(of: input) }
    }
    for input in needed {
      let place = "graph input \(input.name)"
      let array = arrays[input.name]
      // An array without elements is one that is left out, such as the roi of a Resize.
      let type = try type(of: input, place: place, allowsEmpty: array?.elementCount == 0)
      let found = array.map { TensorType($0.dataType, $0.shape) }
      if let array, let type = type ?? found, !type.dataType.isFloatingPoint || array.elementCount == 0 {
        guard type.dimensions == found?.dimensions else {
          throw invalid(place, "\(type)", "an array \(TensorType(type.dataType, array.shape))")
        }
        known[input.name] = .constant(
          type.dataType == array.dataType ? array : array.cast(to: type.dataType), value: nil)
        continue
      }
      guard let type = type ?? found else { throw invalid(place, "a type and a shape", "none") }
      let id = try Self.wrap(path) { () throws(ScaleNetError) in try graph.addInput(input.name, type) }
      known[input.name] = .value(id)
      if let array { givenValues[id] = array }
    }
  }

  /// The arrays that are given for inputs, by name.
  private func givenArrays(_ inputs: [ValueMessage]) throws(ScaleNetError) -> [String: Tensor] {
    switch given {
    case .none: return [:]
    case .only(let array):
      guard inputs.count == 1 else {
        throw invalid(
          "graph inputs", "one input for the one array that is given without a name",
          inputs.isEmpty ? "none" : inputs.map(\.name).joined(separator: ", "))
      }
      return [inputs[0].name: array]
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
    guard let extents = input.extents, extents.count == array.shape.rank else { return }
    for (axis, extent) in extents.enumerated() where extent.value == nil && array.shape[axis] > 0 {
      let name = Self.extentName(extent, axis: axis, of: input)
      guard dimensions[name] == nil || dimensions[name] == array.shape[axis] else {
        throw invalid(
          "array \(input.name), axis \(axis)", "\(dimensions[name] ?? 0), the extent \(name)",
          "\(array.shape[axis])")
      }
      dimensions[name] = array.shape[axis]
    }
  }

  /// Sets the open height and width of an image.
  private mutating func bindSize(of input: ValueMessage) {
    guard let imageSize, let extents = input.extents, extents.count == 4 else { return }
    for (axis, size) in [(2, imageSize.height), (3, imageSize.width)] where extents[axis].value == nil {
      let name = Self.extentName(extents[axis], axis: axis, of: input)
      if dimensions[name] == nil { dimensions[name] = size }
    }
  }

  private static func extentName(_ extent: ValueMessage.Extent, axis: Int, of value: ValueMessage) -> String {
    extent.name.isEmpty ? "\(value.name)_dim_\(axis)" : extent.name
  }

  /// The declared type of an input or output; nil if the file gives no type or no shape.
  private func type(
    of value: ValueMessage, place: String, allowsEmpty: Bool
  ) throws(ScaleNetError) -> TensorType? {
    guard let number = value.elementType, let extents = value.extents else { return nil }
    guard let dataType = DataType(onnxNumber: number) else {
      throw invalid(place, "a type of numbers", DataType.onnxName(number))
    }
    var result: [Dimension] = []
    for (axis, extent) in extents.enumerated() {
      if let value = extent.value {
        guard value > 0 || value == 0 && allowsEmpty else {
          throw invalid("\(place), axis \(axis)", "a positive extent", "\(value)")
        }
        result.append(.fixed(Int(value)))
      } else {
        let name = Self.extentName(extent, axis: axis, of: value)
        if let bound = dimensions[name] {
          guard bound > 0 else { throw invalid("extent given for \(name)", "a positive one", "\(bound)") }
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

  mutating func addOutputs() throws(ScaleNetError) {
    guard !message.outputs.isEmpty else { throw invalid("graph", "an output", "none") }
    for output in message.outputs {
      let place = "graph output \(output.name)"
      let path = path
      let id = try materialized(output.name) {
        .invalidModel(path: path, place: place, expected: "a known value", found: "\($0)")
      }
      guard let id else {
        throw invalid(place, "a node that produces it", "none")
      }
      graph.addOutput(id)
      let found = graph[id].type
      if let number = output.elementType, number != 0, number != Int64(found.dataType.onnxNumber) {
        throw invalid(place, found.dataType.rawValue, "\(DataType.onnxName(number)) declared")
      }
      guard let declared = output.extents else { continue }
      let isSame =
        declared.count == found.rank
        && zip(declared, found.dimensions).allSatisfy { declared, found in
          guard let value = declared.value, let known = found.value else { return true }
          return value == known
        }
      if !isSame {
        let shape = declared.map { extent in extent.value.map { "\($0)" } ?? extent.name }
        throw invalid(place, "\(found)", "a declared shape [\(shape.joined(separator: ", "))]")
      }
    }
  }
}
