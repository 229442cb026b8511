import JSONText

extension JSON {
  /// What stands in Keras's wrappings: the numbers of a tensor or array, the elements of a tuple.
  var unwrapped: JSON {
    switch self["class_name"] {
    case .string("__tensor__"), .string("__numpy__"): self["config"]?["value"] ?? self
    case .string("__tuple__"): self["items"] ?? self
    default: self
    }
  }
}
