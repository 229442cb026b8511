import FileIO
import ModelIR
import NumPyFormat
import RecordingFormat
import TestSupport
import Testing

/// A file of this text.
func file(_ text: String) -> ByteRegion { .copying(Array(text.utf8), origin: "test.json") }

/// A file of `fixtures/recordings`.
func recorded(_ name: String) throws -> ByteRegion {
  try ByteRegion.map(path: Fixtures.path("recordings/\(name)"))
}

/// Whether two tensors have one type, shape and elements; NaN are alike.
func isSame(_ found: Tensor?, _ expected: Tensor?) throws -> Bool {
  guard let found, let expected, found.shape == expected.shape, found.dataType == expected.dataType else {
    return false
  }
  return try zip(found.doubles(), expected.doubles()).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
}
