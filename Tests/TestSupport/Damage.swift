public import FileIO
import Testing

/// What comes of a damaged file: it is read, or refused with an error that names the file in one line. Anything else is
/// recorded as an issue.
///
/// - Parameter origin: the name that the file's bytes go under.
@discardableResult
public func readingDamaged<Result>(
  _ origin: String, _ read: () throws(ScaleNetError) -> Result
) -> Result? {
  do throws(ScaleNetError) {
    return try read()
  } catch {
    let text = "\(error)"
    #expect(
      error.kind == .invalidInput && error.path?.hasPrefix(origin) == true && !text.contains("\n"),
      "\(error.kind): \(text)")
    return nil
  }
}
