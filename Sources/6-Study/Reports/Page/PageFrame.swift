/// What every page has around its contents. Everything that comes from a file is escaped before, and the policy lets
/// nothing be loaded and no script run but the page's own.
struct PageFrame {
  let title: String
  let body: String

  /// The page as UTF-8 text.
  var text: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'sha256-\(PageScript.hash)'; base-uri 'none'; form-action 'none'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <title>\(title.markup)</title>
    <style>
    \(PageStyle.text)
    </style>
    </head>
    <body>
    \(body)<script>\(PageScript.text)</script>
    </body>
    </html>

    """
  }
}
