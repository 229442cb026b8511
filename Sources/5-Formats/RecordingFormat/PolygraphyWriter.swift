public import FileIO
public import ModelIR
import NumPyFormat

/// Writes arrays as `polygraphy run --load-inputs` reads them.
///
/// Format: `polygraphy/json/serde.py`: a list with an object for each batch, in which an array is the base64 of a `.npy`
/// file.
public enum PolygraphyWriter {
  /// Appends the text to `file`, which the caller then commits.
  public static func writeInputs(_ batches: [StateDict], to file: inout OutputFile) throws(ScaleNetError) {
    for (number, batch) in batches.enumerated() {
      try write(number == 0 ? "[\n  {" : ",\n  {", to: &file)
      for (index, entry) in batch.entries.enumerated() {
        let array: [UInt8]
        array = try NumPyWriter.bytes(of: entry.tensor, name: entry.name, path: file.path)
        try write("\(index == 0 ? "" : ",")\n    \(quoted(entry.name)): {\n      \"array\": \"", to: &file)
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

  /// A string of JSON.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
