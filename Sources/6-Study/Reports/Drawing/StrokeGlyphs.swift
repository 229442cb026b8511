/// The characters of `StrokeFont`.
///
/// A word is a line, two characters are a place on it: the column, 0 to 8 from the left to the right of the character, and
/// the row, `e` on the base line, `m` the height of small letters, `p` that of capitals, `a` the lowest. A capital row is a
/// place that the line bends towards; `@` begins a ring of such.
enum StrokeGlyphs {
  static let letters: [Unicode.Scalar: String] = {
    var result: [Unicode.Scalar: String] = [" ": ""]
    for row in table.split(separator: "\n") {
      guard let scalar = row.unicodeScalars.first else { continue }
      result[scalar] = String(row.dropFirst(2))
    }
    return result
  }()

  /// What stands for a character that is not here.
  static let box = "1e1p7p7e1e"

  /// Accents over a small letter, and a cedilla.
  static let marks: [Unicode.Scalar: String] = [
    "`": "2p5n", "'": "6p3n", "^": "1n4p7n", "~": "1o2Q6N7q", ":": "2o2o 6o6o", "o": "@3Q5Q5N3N",
    ",": "4e4C2b", "/": "0e8p", "|": "0e8m",
  ]

  /// A letter, the one it is made of, and its mark.
  static let accented =
    "ÀA` ÁA' ÂA^ ÃA~ ÄA: ÅAo ÇC, ÈE` ÉE' ÊE^ ËE: ÌI` ÍI' ÎI^ ÏI: ÑN~ ÒO` ÓO' ÔO^ ÕO~ ÖO: ÙU` ÚU' ÛU^ ÜU: ÝY' ØO/ "
    + "àa` áa' âa^ ãa~ äa: åao çc, èe` ée' êe^ ëe: ìi` íi' îi^ ïi: ñn~ òo` óo' ôo^ õo~ öo: ùu` úu' ûu^ üu: ýy' ÿy: øo|"

  private static let table = #"""
    ! 4p4i 4e4e
    " 2p2m 6p6m
    # 3p1e 7p5e 0l8l 0h8h
    $ 8n7P0P0K8K8E1E0g 4q4d
    % @0P3P3K0K @5J8J8E5E 7p1e
    & 8e2l1P6P6L0J0E6E8i
    ' 4p4m
    ( 5q2N2G5c
    ) 3q6N6G3c
    * 4p4j 1o7k 7o1k
    + 4m4e 0i8i
    , 4e3c
    - 1i7i
    . 4e4e
    / 7p1d
    0 @0P8P8E0E
    1 1n4p4e 1e7e
    2 0n1P8P8K0e8e
    3 0o2P7P7K3k8K8E1E0f
    4 6e6p0h8h
    5 7p1p1k3L8L8E1E0f
    6 7o6P0P0h @0L8L8E0E
    7 0p8p3e
    8 @1P7P7K1K @0K8K8E0E
    9 @0P8P8I0I 8m8E2E1f
    : 4m4m 4e4e
    ; 4m4m 4e3c
    < 8m0i8e
    = 0k8k 0g8g
    > 0m8i0e
    ? 0n1P8P8L4K4h 4e4e
    @ @2L6L6G2G 6l6G8G8P0P0C6C7d
    A 0e4p8e 1h7h
    B 0e0p4p7P7K4k0k 4k8K8E4e0e
    C 8n7P0P0E7E8g
    D 0e0p3p8P8E3e0e
    E 8p0p0e8e 0k7k
    F 8p0p0e 0k6k
    G 8n7P0P0E8E8j5j
    H 0e0p 8e8p 0k8k
    I 4e4p
    J 5p5e5C1b
    K 0e0p 8p0i 3k8e
    L 0p0e8e
    M 0e0p4h8p8e
    N 0e0p8e8p
    O @0P8P8E0E
    P 0e0p4p8P8J4j0j
    Q @0P8P8E0E 5h8c
    R 0e0p4p8P8J4j0j 4j8e
    S 8n7P0P0K8K8E1E0g
    T 0p8p 4p4e
    U 0p0i0E8E8i8p
    V 0p4e8p
    W 0p2e4p6e8p
    X 0p8e 8p0e
    Y 0p4j8p 4j4e
    Z 0p8p0e8e
    [ 6q2q2c6c
    \ 1p7d
    ] 2q6q6c2c
    ^ 0l4p8l
    _ 0c8c
    ` 2p5n
    a 1l2M8M8i8e 8i4i0I0E8E8h
    b 0p0e @0M8M8E0E
    c 8l7M0M0E7E8f
    d 8p8e @0M8M8E0E
    e 0i8i8M0M0E7E8f
    f 7p3P3l3e 0m7m
    g @0M8M8E0E 8m8d8A1A0b
    h 0p0e 0i0M8M8i8e
    i 4m4e 4p4p
    j 5m5c5A1a 5p5p
    k 0p0e 7m0h 2j8e
    l 4p4e
    m 0m0e 0i0M4M4i4e 4i4M8M8i8e
    n 0m0e 0i0M8M8i8e
    o @0M8M8E0E
    p 0m0a @0M8M8E0E
    q 8m8a @0M8M8E0E
    r 1m1e 1i1M8m
    s 7l6M0M0I8I8E1E0f
    t 3o3g3E8e 0m8m
    u 0m0i0E8E8i 8m8e
    v 0m4e8m
    w 0m2e4m6e8m
    x 0m8e 8m0e
    y 0m4e 8m2a
    z 0m8m0e8e
    { 7q4Q4k2j4i4C7c
    | 4q4b
    } 1q4Q4k6j4i4C1c
    ~ 0h2L6F8j
    … 1e1e 4e4e 7e7e
    × 1l7f 7l1f
    ı 4m4e
    ß 0e0m0P6P6L3k 3k8J8E3e
    """#
}
