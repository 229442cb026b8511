public import Classification
import FoundationEssentials

/// The answers to images as one HTML page that needs nothing but itself: each image small, with its classes beside it.
///
/// Everything that comes from a file is escaped, and the page's policy lets nothing be loaded and no script run; pictures
/// are part of the page.
public struct PredictionPage {
  private let report: PredictionReport
  private let thumbnails: [[UInt8]?]

  /// - Parameter thumbnails: a JPEG for each image of the report, nil for one that could not be read.
  public init(_ report: PredictionReport, thumbnails: [[UInt8]?]) {
    precondition(thumbnails.count == report.images.count)
    self.report = report
    self.thumbnails = thumbnails
  }

  /// The page as UTF-8 text.
  public var text: String {
    var body = "<h1>\(report.architecture.nameMarkup)</h1>\n<p>\(report.model.nameMarkup)</p>\n"
    body += "<p class=\"muted\">\(report.preprocessing.text.markup)</p>\n"
    for note in report.notes { body += "<p class=\"muted\">\(note.sentenceMarkup)</p>\n" }
    for (image, thumbnail) in zip(report.images, thumbnails) { body += section(image, thumbnail) }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
      img-src data:; base-uri 'none'; form-action 'none'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="referrer" content="no-referrer">
      <title>\(report.architecture.nameMarkup)</title>
      <style>
      \(PageStyle.text)
      .answer{display:flex;gap:1rem;align-items:flex-start;border-top:1px solid var(--rule);padding:1rem 0}
      .answer>div:first-child{flex:0 0 160px}
      .answer>div:last-child{flex:1;min-width:0}
      .answer img{max-width:160px;max-height:160px;border-radius:4px;display:block}
      .answer h2{font-size:1rem;margin:0 0 .25rem;border:0;padding:0}
      meter{width:8rem}
      </style>
      </head>
      <body>
      \(body)</body>
      </html>

      """
  }

  private func section(_ image: PredictionReport.Entry, _ thumbnail: [UInt8]?) -> String {
    var result = "<section class=\"answer\"><div>"
    if let thumbnail {
      let data = Data(thumbnail).base64EncodedString()
      result += "<img alt=\"\(image.image.nameMarkup)\" src=\"data:image/jpeg;base64,\(data)\">"
    }
    result += "</div><div><h2>\(image.image.nameMarkup)</h2>\n"
    if let size = image.size { result += "<p class=\"muted\">\(size[0]) x \(size[1])</p>\n" }
    if let error = image.error { result += "<p>not read: \(error.sentenceMarkup)</p>\n" }
    if !image.classes.isEmpty {
      result += "<table><tbody>\n"
      for answer in image.classes {
        let value = min(max(answer.probability, 0), 1)
        result +=
          "<tr><td class=\"number\">\(answer.percent.markup)</td><td><meter value=\"\(value)\">"
          + "\(answer.percent.markup)</meter></td><td class=\"name\">\(answer.name.markup)</td></tr>\n"
      }
      result += "</tbody></table>\n"
    }
    return result + "</div></section>\n"
  }
}
