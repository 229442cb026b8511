/// Where a text is not JSON, or not the JSON that is wanted, and why. Formats make errors of their own of it, which know
/// the file.
package struct JSONFailure: Error, Equatable {
  /// Counted in bytes from the beginning of what the cursor reads in.
  package let offset: Int
  package let expected: String
  /// The next characters in quotes, as they stand in the file, or some words.
  package let found: String

  package init(offset: Int, expected: String, found: String) {
    self.offset = offset
    self.expected = expected
    self.found = found
  }
}
