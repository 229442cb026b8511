import CCairo
import FileIO

// Safe: surface and context live from `init` to `deinit`, and the library copies what it is given; what it calls back
// with is used before the call returns.

/// An image that Cairo draws on.
@safe final class CairoSurface {
  private let surface: OpaquePointer
  private let context: OpaquePointer

  /// An image of RGB pixels. Fails if there is no memory for it.
  init(width: Int, height: Int) throws(ScaleNetError) {
    guard
      let surface = unsafe cairo_image_surface_create(CAIRO_FORMAT_RGB24, CInt(width), CInt(height)),
      let context = unsafe cairo_create(surface)
    else { throw .drawing(reason: "no surface") }
    unsafe self.surface = surface
    unsafe self.context = context
    let options = unsafe cairo_font_options_create()
    unsafe cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    unsafe cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    unsafe cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    unsafe cairo_set_font_options(context, options)
    unsafe cairo_font_options_destroy(options)
    try check()
  }

  deinit {
    unsafe cairo_destroy(context)
    unsafe cairo_surface_destroy(surface)
  }

  /// Lengths from here on are `factor` pixels each.
  func scale(by factor: Double) {
    unsafe cairo_scale(context, factor, factor)
  }

  func fillAll(_ color: Color) {
    use(color)
    unsafe cairo_paint(context)
  }

  func draw(_ shape: Drawing.Shape) {
    switch shape {
    case .rectangle(let x, let y, let width, let height, let fill, let stroke):
      unsafe cairo_rectangle(context, x, y, width, height)
      paint(fill: fill, stroke: stroke)
    case .line(let points, let color, let width):
      trace(points)
      unsafe cairo_set_line_width(context, width)
      use(color)
      unsafe cairo_stroke(context)
    case .triangle(let a, let b, let c, let color):
      trace([a, b, c])
      unsafe cairo_close_path(context)
      paint(fill: color, stroke: nil)
    case .circle(let center, let radius, let fill, let stroke):
      unsafe cairo_new_sub_path(context)
      unsafe cairo_arc(context, center.x, center.y, radius, 0, 2 * .pi)
      paint(fill: fill, stroke: stroke)
    case .text(let text, let at, let size, let anchor, let color, let isBold):
      show(text, at: at, size: size, anchor: anchor, color, isBold: isBold)
    }
  }

  private func show(
    _ text: String, at: Drawing.Point, size: Double, anchor: Drawing.Anchor, _ color: Color, isBold: Bool
  ) {
    unsafe cairo_select_font_face(
      context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
      isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    unsafe cairo_set_font_size(context, size)
    var extents = cairo_text_extents_t()
    unsafe cairo_text_extents(context, text, &extents)
    let part =
      switch anchor {
      case .start: 0.0
      case .middle: 0.5
      case .end: 1.0
      }
    unsafe cairo_move_to(context, at.x - part * extents.x_advance, at.y)
    use(color)
    unsafe cairo_show_text(context, text)
    // Text leaves the current point behind it.
    unsafe cairo_new_path(context)
  }

  private func trace(_ points: [Drawing.Point]) {
    for (index, point) in points.enumerated() {
      if index == 0 {
        unsafe cairo_move_to(context, point.x, point.y)
      } else {
        unsafe cairo_line_to(context, point.x, point.y)
      }
    }
  }

  private func paint(fill: Color?, stroke: Color?) {
    if let fill {
      use(fill)
      unsafe cairo_fill_preserve(context)
    }
    if let stroke {
      use(stroke)
      unsafe cairo_set_line_width(context, 1)
      unsafe cairo_stroke_preserve(context)
    }
    unsafe cairo_new_path(context)
  }

  private func use(_ color: Color) {
    func part(_ shift: UInt32) -> Double { Double(color.light >> shift & 0xFF) / 255 }
    unsafe cairo_set_source_rgb(context, part(16), part(8), part(0))
  }

  /// The image as the bytes of a PNG file.
  func png() throws(ScaleNetError) -> [UInt8] {
    try check()
    unsafe cairo_surface_flush(surface)
    let collected = ByteCollector()
    let status = unsafe cairo_surface_write_to_png_stream(
      surface,
      { closure, data, length in
        guard let closure = unsafe closure, let data = unsafe data else { return CAIRO_STATUS_WRITE_ERROR }
        let collector = unsafe Unmanaged<ByteCollector>.fromOpaque(closure).takeUnretainedValue()
        unsafe collector.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
        return CAIRO_STATUS_SUCCESS
      }, Unmanaged.passUnretained(collected).toOpaque())
    try Self.check(status)
    return collected.bytes
  }

  private func check() throws(ScaleNetError) {
    try Self.check(unsafe cairo_status(context))
  }

  private static func check(_ status: cairo_status_t) throws(ScaleNetError) {
    guard status == CAIRO_STATUS_SUCCESS else {
      throw .drawing(
        reason: unsafe cairo_status_to_string(status).map { unsafe String(cString: $0) } ?? "unknown")
    }
  }
}

/// Where Cairo's output goes.
private final class ByteCollector {
  var bytes: [UInt8] = []
}
