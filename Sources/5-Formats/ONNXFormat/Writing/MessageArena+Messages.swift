import COnnx
import CProtobufC
import ModelIR

// Safe: messages belong to the arena, and counts are those of the lists beside them.

extension MessageArena {
  func entry(_ key: String, _ value: String) -> UnsafeMutablePointer<Onnx__StringStringEntryProto> {
    let entry = unsafe make(onnx__string_string_entry_proto__init)
    unsafe entry.pointee.key = string(key)
    unsafe entry.pointee.value = string(value)
    return unsafe entry
  }

  func opset(version: Int) -> UnsafeMutablePointer<Onnx__OperatorSetIdProto> {
    let opset = unsafe make(onnx__operator_set_id_proto__init)
    unsafe opset.pointee.domain = string("")
    unsafe opset.pointee.has_version = 1
    unsafe opset.pointee.version = Int64(version)
    return unsafe opset
  }

  func valueInfo(_ value: Value) -> UnsafeMutablePointer<Onnx__ValueInfoProto> {
    let shape = unsafe make(onnx__tensor_shape_proto__init)
    unsafe shape.pointee.n_dim = value.type.rank
    unsafe shape.pointee.dim = messages(value.type.dimensions) { dimension in
      let extent = unsafe make(onnx__tensor_shape_proto__dimension__init)
      switch dimension {
      case .fixed(let value):
        unsafe extent.pointee.has_dim_value = 1
        unsafe extent.pointee.dim_value = Int64(value)
      case .symbolic(let name):
        unsafe extent.pointee.dim_param = string(name)
      case .unknown:
        break
      }
      return unsafe extent
    }
    let tensor = unsafe make(onnx__type_proto__tensor__init)
    unsafe tensor.pointee.has_elem_type = 1
    unsafe tensor.pointee.elem_type = value.type.dataType.onnxNumber
    unsafe tensor.pointee.shape = shape
    let type = unsafe make(onnx__type_proto__init)
    unsafe type.pointee.tensor_type = tensor
    let info = unsafe make(onnx__value_info_proto__init)
    unsafe info.pointee.name = string(value.name)
    unsafe info.pointee.type = type
    return unsafe info
  }

  func attribute(_ attribute: NodeWriter.Attribute) -> UnsafeMutablePointer<Onnx__AttributeProto> {
    let message = unsafe make(onnx__attribute_proto__init)
    unsafe message.pointee.name = string(attribute.name)
    unsafe message.pointee.has_type = 1
    switch attribute.value {
    case .integer(let value):
      unsafe message.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
      unsafe message.pointee.has_i = 1
      unsafe message.pointee.i = Int64(value)
    case .float(let value):
      unsafe message.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
      unsafe message.pointee.has_f = 1
      unsafe message.pointee.f = value
    case .string(let value):
      unsafe message.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
      unsafe message.pointee.has_s = 1
      unsafe message.pointee.s.len = value.utf8.count
      unsafe message.pointee.s.data = array(Array(value.utf8))
    case .integers(let values):
      unsafe message.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
      unsafe message.pointee.n_ints = values.count
      unsafe message.pointee.ints = array(values.map { Int64($0) })
    case .floats(let values):
      unsafe message.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS
      unsafe message.pointee.n_floats = values.count
      unsafe message.pointee.floats = array(values)
    case .strings(let values):
      unsafe message.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
      unsafe message.pointee.n_strings = values.count
      unsafe message.pointee.strings = array(values.map { unsafe data(Array($0.utf8)) })
    case .tensor(let tensor, let bytes):
      unsafe message.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
      let value = unsafe self.tensor("", tensor, external: nil)
      unsafe value.pointee.has_raw_data = 1
      unsafe value.pointee.raw_data = data(bytes)
      unsafe message.pointee.t = value
    }
    return unsafe message
  }

  /// A field of bytes.
  private func data(_ bytes: [UInt8]) -> ProtobufCBinaryData {
    unsafe ProtobufCBinaryData(len: bytes.count, data: array(bytes))
  }

  func node(_ node: NodeWriter) -> UnsafeMutablePointer<Onnx__NodeProto> {
    let message = unsafe make(onnx__node_proto__init)
    unsafe message.pointee.n_input = node.inputs.count
    unsafe message.pointee.input = strings(node.inputs)
    unsafe message.pointee.n_output = node.outputs.count
    unsafe message.pointee.output = strings(node.outputs)
    unsafe message.pointee.name = string(node.name)
    unsafe message.pointee.op_type = string(node.op)
    unsafe message.pointee.n_attribute = node.attributes.count
    unsafe message.pointee.attribute = messages(node.attributes) { unsafe attribute($0) }
    return unsafe message
  }

  /// The message of a tensor without its elements, as bytes.
  func packedTensor(
    _ name: String, _ tensor: Tensor, external: [(key: String, value: String)]? = nil
  ) -> [UInt8] {
    unsafe pack(self.tensor(name, tensor, external: external))
  }

  /// A tensor without its elements: they follow as `raw_data`, or lie in another file.
  func tensor(
    _ name: String, _ tensor: Tensor, external: [(key: String, value: String)]?
  ) -> UnsafeMutablePointer<Onnx__TensorProto> {
    let message = unsafe make(onnx__tensor_proto__init)
    unsafe message.pointee.n_dims = tensor.shape.rank
    unsafe message.pointee.dims = array(tensor.shape.dimensions.map { Int64($0) })
    unsafe message.pointee.has_data_type = 1
    unsafe message.pointee.data_type = tensor.dataType.onnxNumber
    unsafe message.pointee.name = string(name)
    if let external {
      unsafe message.pointee.n_external_data = external.count
      unsafe message.pointee.external_data = messages(external) { unsafe entry($0.key, $0.value) }
      unsafe message.pointee.has_data_location = 1
      unsafe message.pointee.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL
    }
    return unsafe message
  }
}
