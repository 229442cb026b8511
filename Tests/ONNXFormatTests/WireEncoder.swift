/// A tiny encoder of protocol buffers messages, written for the tests, so that hostile files can be made by hand.
struct WireEncoder {
  private(set) var bytes: [UInt8] = []

  static func varint(_ value: UInt64) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value % 128) + 128] + varint(value / 128)
  }

  mutating func integer(_ field: UInt64, _ value: Int64) {
    bytes += Self.varint(field * 8) + Self.varint(UInt64(bitPattern: value))
  }

  mutating func data(_ field: UInt64, _ data: [UInt8]) {
    bytes += Self.varint(field * 8 + 2) + Self.varint(UInt64(data.count)) + data
  }

  mutating func text(_ field: UInt64, _ text: String) { data(field, Array(text.utf8)) }

  mutating func message(_ field: UInt64, _ build: (inout WireEncoder) -> Void) {
    var inner = WireEncoder()
    build(&inner)
    data(field, inner.bytes)
  }

  mutating func raw(_ bytes: [UInt8]) { self.bytes += bytes }
}

/// Parts of ONNX models for tests, by the field numbers of the specification.
extension WireEncoder {
  static func model(
    opset: Int64 = 17, irVersion: Int64 = 8, _ graph: (inout WireEncoder) -> Void
  ) -> [UInt8] {
    var model = WireEncoder()
    model.integer(1, irVersion)
    model.message(7, graph)
    model.message(8) { $0.integer(2, opset) }
    return model.bytes
  }

  /// A graph with input `x` float32[1, 2, 4, 4] and output `y`.
  static func simple(
    opset: Int64 = 17, outputShape: [Int64]? = nil, _ graph: (inout WireEncoder) -> Void
  ) -> [UInt8] {
    model(opset: opset) {
      $0.text(2, "g")
      graph(&$0)
      $0.value(11, "x", [1, 2, 4, 4])
      $0.value(12, "y", outputShape)
    }
  }

  mutating func value(_ field: UInt64, _ name: String, _ shape: [Int64]?, type: Int64 = 1) {
    message(field) { value in
      value.text(1, name)
      value.message(2) {
        $0.message(1) { tensor in
          tensor.integer(1, type)
          guard let shape else { return }
          tensor.message(2) { message in
            for extent in shape { message.message(1) { $0.integer(1, extent) } }
          }
        }
      }
    }
  }

  mutating func node(
    _ op: String, _ name: String, _ inputs: [String], _ outputs: [String], domain: String = "",
    _ attributes: (inout WireEncoder) -> Void = { _ in }
  ) {
    message(1) { node in
      for input in inputs { node.text(1, input) }
      for output in outputs { node.text(2, output) }
      node.text(3, name)
      node.text(4, op)
      attributes(&node)
      if !domain.isEmpty { node.text(7, domain) }
    }
  }

  mutating func integerAttribute(_ name: String, _ value: Int64) {
    message(5) {
      $0.text(1, name)
      $0.integer(3, value)
      $0.integer(20, 2)
    }
  }

  mutating func integersAttribute(_ name: String, _ values: [Int64]) {
    message(5) { attribute in
      attribute.text(1, name)
      for value in values { attribute.integer(8, value) }
      attribute.integer(20, 7)
    }
  }

  mutating func textAttribute(_ name: String, _ value: String) {
    message(5) {
      $0.text(1, name)
      $0.text(4, value)
      $0.integer(20, 3)
    }
  }

  /// A TensorProto with `raw_data`.
  mutating func tensor(
    _ field: UInt64, _ name: String, _ dims: [Int64], type: Int64 = 1, raw: [UInt8]?,
    _ more: (inout WireEncoder) -> Void = { _ in }
  ) {
    message(field) { tensor in
      for extent in dims { tensor.integer(1, extent) }
      tensor.integer(2, type)
      tensor.text(8, name)
      if let raw { tensor.data(9, raw) }
      more(&tensor)
    }
  }

  mutating func external(_ name: String, _ dims: [Int64], _ entries: [(String, String)]) {
    tensor(5, name, dims, raw: nil) { tensor in
      for (key, value) in entries {
        tensor.message(13) {
          $0.text(1, key)
          $0.text(2, value)
        }
      }
      tensor.integer(14, 1)
    }
  }

  static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
    }
  }

  static func integers(_ values: [Int64]) -> [UInt8] {
    values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) } }
  }
}
