public import FileIO
public import ModelIR

/// Reads the safetensors format: a JSON header that names tensors, then their bytes, row-major and little-endian.
///
/// Tensors are views into the file. The header must be strictly JSON, name every tensor once, and the tensors must
/// fill the file without a hole or an overlap; headers of over 100 MB, of over 100,000 tensors or of tensors of over
/// 64 axes are refused. Element types are F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL and C64.
public struct SafetensorsReader {
  /// Whether `file` begins as a safetensors file: a plausible length, then a JSON object.
  public static func recognizes(_ file: ByteRegion) -> Bool {
    file.withBytes { bytes in
      // Text has no zeros there, whatever its first bytes are.
      guard let length = Header.length(bytes), length < 1 << 48, bytes.byteCount >= Header.lengthSize + 2
      else {
        return false
      }
      let end = min(bytes.byteCount, Header.lengthSize + 64)
      var scanner = HeaderScanner(path: file.origin, range: Header.lengthSize..<end)
      do throws(ScaleNetError) { try scanner.openHeader(bytes) } catch { return false }
      return scanner.isAtKeyOrEnd(bytes)
    }
  }

  /// The tensors in the order of their bytes in the file; `facts` of the result are the file's `__metadata__`.
  public static func read(_ file: ByteRegion) throws(ScaleNetError) -> StateDict {
    let header = try Header(file)
    var result = StateDict()
    result.facts = header.metadata
    for entry in header.entries {
      let start = header.range.upperBound
      do throws(ScaleNetError) {
        let tensor = try Tensor(
          entry.dataType, entry.shape, storage: file.slice(start + entry.begin..<start + entry.end))
        // The header's names were found to differ.
        result.append(entry.name, tensor)
      } catch {
        throw .tensor(
          path: file.origin, name: entry.name, expected: "data within the file", found: error.description)
      }
    }
    return result
  }

  /// The texts that the file carries beside its tensors (`__metadata__`), such as `format`: `pt`. Empty if there are
  /// none.
  public static func metadata(_ file: ByteRegion) throws(ScaleNetError) -> [String: String] {
    try Header(file).metadata
  }
}
