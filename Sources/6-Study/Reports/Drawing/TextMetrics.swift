/// How wide a text is, so that a picture can be laid out without a font at hand. The widths are those of DejaVu Sans,
/// the widest of the fonts that the pictures name, so that in any of them a text fits.
enum TextMetrics {
  /// Advance widths of U+0020 to U+007E in thousandths of the font's size, as Cairo measures them.
  private static let regular = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636,
    636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295,
    656,
    557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500,
    613,
    635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592,
    818,
    592, 592, 525, 636, 337, 636, 838,
  ]
  /// Bold is wider by at most this.
  private static let boldFactor = 1.19

  static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    var sum = 0
    for scalar in text.unicodeScalars {
      let index = Int(scalar.value) - 0x20
      sum += regular.indices.contains(index) ? regular[index] : 1000
    }
    return Double(sum) / 1000 * size * (isBold ? boldFactor : 1)
  }

  /// The text, or its beginning and an ellipsis, so that it is at most `limit` wide.
  static func fitted(_ text: String, to limit: Double, size: Double, isBold: Bool = false) -> String {
    guard width(text, size: size, isBold: isBold) > limit else { return text }
    var result = ""
    for character in text {
      let longer = result + String(character)
      if width(longer + "…", size: size, isBold: isBold) > limit { break }
      result = longer
    }
    return result + "…"
  }
}
