import ModelIR

extension RandomSource {
  /// An array for an input of a graph: normally distributed numbers, and for integers such as an image has, from 0 to 255
  /// about 128 or as far as the type goes.
  mutating func input(_ dataType: DataType, _ shape: TensorShape) -> Tensor {
    let numbers = normals(shape.elementCount)
    guard dataType.isInteger else {
      let tensor = Tensor(numbers, shape: shape)
      return dataType.isFloatingPoint ? tensor : tensor.cast(to: dataType)
    }
    let most: Float = dataType == .int8 ? 127 : 255
    return Tensor(
      numbers.map { Int64(min(max((most / 2 + 48 * $0).rounded(), 0), most)) }, shape: shape
    ).cast(to: dataType)
  }
}
