/// Every colour of the pictures and pages, by what it is for, on a light and on a dark background.
///
/// The scales are ordered by luminance, from dark to light, and run from blue to yellow: they stay apart in grey and
/// for every kind of colour blindness.
enum Color: String, CaseIterable {
  case paper, panel, ink, muted, rule, grid, accent
  case scale1, scale2, scale4, scale7
  case onScale1, onScale2, onScale4, onScale7
  case family1, family2, family3, family4, family5, family6, family7, family8

  /// The fills of scales 1, 2, 4 and 7.
  static let scales: [Color] = [.scale1, .scale2, .scale4, .scale7]
  /// Ink on each of them, with a contrast of at least 4.5.
  static let onScales: [Color] = [.onScale1, .onScale2, .onScale4, .onScale7]

  /// Families of networks, in the order in which they appear; those of Okabe and Ito (2008), which stay apart for every
  /// kind of colour blindness.
  static let families: [Color] = [
    .family1, .family2, .family3, .family4, .family5, .family6, .family7, .family8,
  ]

  /// 0xRRGGBB on a light background.
  var light: UInt32 {
    switch self {
    case .paper: 0xFFFFFF
    case .panel: 0xF3F5F8
    case .ink: 0x1B1F24
    case .muted: 0x59636E
    case .rule: 0xC4CBD3
    case .grid: 0xE3E7EC
    case .accent: 0x1F5FA8
    case .scale1: 0x16325C
    case .scale2: 0x3A78B0
    case .scale4: 0xE8A33D
    case .scale7: 0xFBE9B8
    case .onScale1, .onScale2: 0xFFFFFF
    case .onScale4, .onScale7: 0x1B1F24
    case .family1: 0x0072B2
    case .family2: 0xD55E00
    case .family3: 0x009E73
    case .family4: 0xCC79A7
    case .family5: 0xB07700
    case .family6: 0x56B4E9
    case .family7: 0x59636E
    case .family8: 0x7A4FB5
    }
  }

  /// 0xRRGGBB on a dark background.
  var dark: UInt32 {
    switch self {
    case .paper: 0x14171C
    case .panel: 0x1F242B
    case .ink: 0xE8EBEF
    case .muted: 0xA3ACB7
    case .rule: 0x48515C
    case .grid: 0x2C333B
    case .accent: 0x7DB4F0
    case .scale1: 0x2C568F
    case .scale2: 0x5796D0
    case .scale4: 0xF0B454
    case .scale7: 0xFDF0CC
    case .onScale1: 0xFFFFFF
    case .onScale2, .onScale4, .onScale7: 0x14171C
    case .family1: 0x4FA8E0
    case .family2: 0xF08A3C
    case .family3: 0x2FC79B
    case .family4: 0xE3A0C6
    case .family5: 0xE6B84D
    case .family6: 0x9AD4F5
    case .family7: 0xA3ACB7
    case .family8: 0xB79AE8
    }
  }

  /// `#16325c`.
  static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}
