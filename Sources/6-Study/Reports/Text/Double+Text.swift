import FileIO

extension Double {
  /// The shortest digits that give this number back; as float32 where it is one.
  var shortest: String {
    let narrow = Float(self)
    return Double(narrow) == self ? "\(narrow)" : "\(self)"
  }
}

extension Double? {
  /// An error as text; nil is an infinite one.
  var errorText: String { self?.scientific ?? "inf" }
}
