package import FileIO
import JSONText
package import ModelIR
import NumPyFormat

/// Writes arrays as `polygraphy run --load-inputs` reads them.
///
/// Format: `polygraphy/json/serde.py`: a list with an object for each batch, in which an array is the base64 of a `.npy`
/// file.
package enum PolygraphyWriter {
  /// Appends the text to `file`, which the caller then commits.
  package static func writeInputs(_ batches: [StateDict], to file: inout OutputFile) throws(ScaleNetError) {
    for (number, batch) in batches.enumerated() {
      try write(number == 0 ? "[\n  {" : ",\n  {", to: &file)
      for (index, entry) in batch.entries.enumerated() {
        let array = try NumPyWriter.bytes(of: entry.tensor, name: entry.name, path: file.path)
        try write(
          "\(index == 0 ? "" : ",")\n    \(entry.name.quotedForJSON): {\n      \"array\": \"", to: &file)
        try file.write(Base64.encode(array))
        try write("\",\n      \"polygraphy_class\": \"ndarray\"\n    }", to: &file)
      }
      try write("\n  }", to: &file)
    }
    try write(batches.isEmpty ? "[]\n" : "\n]\n", to: &file)
  }

  private static func write(_ text: String, to file: inout OutputFile) throws(ScaleNetError) {
    try file.write(text)
  }
}
