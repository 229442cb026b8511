package import FileIO

/// The name under which a library or a training script knows a network, and what it says that the weights do not.
///
/// Networks with the same weights can compute different things. What a name stands for that is known here is built; any
/// other name is refused, as its network could be one of them.
package struct PublishedName {
  /// What the name asks for beside the weights.
  package let antiAliasing: AntiAliasing?
  /// Whether it is one of TensorFlow's ports; nil where that makes no difference.
  package let padsLikeTensorFlow: Bool?

  /// - Parameters:
  ///   - name: timm's, torchvision's or a hub's: `resnet50`, `timm/resnetaa50.a1h_in1k`.
  ///   - source: the file that says it, for errors.
  ///   - place: where in that file.
  ///   - network: what the weights are.
  package init(
    _ name: String, source: String, place: String, network: String
  ) throws(ScaleNetError) {
    let last = name.split(separator: "/").last.map(String.init) ?? name
    let base = String(last.split(separator: ".").first ?? "").lowercased().replacing("-", with: "_")
    padsLikeTensorFlow = base.hasPrefix("tf_mixnet") ? true : nil
    if let plain = Self.removing("aa", from: base), Self.isKnown(plain) {
      antiAliasing = .average
    } else if let plain = Self.removing("blur", from: base), Self.isKnown(plain) {
      antiAliasing = .blur
    } else if Self.isKnown(base) {
      antiAliasing = nil
    } else {
      throw ScaleNetError(
        path: source, place: place,
        expected: "a network that is built here; its weights alone would pass for a \(network)",
        found: name.escapedForMessage)
    }
  }

  /// `resnetaa50` as `resnet50`.
  private static func removing(_ mark: String, from name: String) -> String? {
    for kind in ["resnet", "resnext"] {
      if name.contains(kind + mark) { return name.replacing(kind + mark, with: kind) }
    }
    return nil
  }

  /// Whether names of this form are built from their weights as published. Suffixes of one letter (c, d, s, t) and other
  /// families are told by the weights' own names.
  private static func isKnown(_ name: String) -> Bool {
    var rest = Substring(name)
    for prefix in ["tv_", "gluon_", "ssl_", "swsl_", "ig_", "legacy_", "torchvision_"]
    where rest.hasPrefix(prefix) {
      rest = rest.dropFirst(prefix.count)
      break
    }
    if rest.hasPrefix("scalenet") || rest == "googlenet" || rest == "inception_v1" { return true }
    for family in [
      "resnest", "res2net", "res2next", "mixnet", "tf_mixnet", "octresnet", "oct_resnet", "blresn", "bl_resn",
    ] where rest.hasPrefix(family) { return true }
    if rest.hasPrefix("wide_") { rest = rest.dropFirst(5) }
    for attention in ["se", "eca", "sk"] where rest.hasPrefix(attention + "resn") {
      rest = rest.dropFirst(attention.count)
      break
    }
    guard rest.hasPrefix("resnet") || rest.hasPrefix("resnext") else { return false }
    rest = rest.dropFirst(rest.hasPrefix("resnet") ? 6 : 7)
    let depth = rest.prefix { $0.isNumber }
    guard !depth.isEmpty else { return false }
    rest = rest.dropFirst(depth.count)
    if let letter = rest.first, "cdst".contains(letter) { rest = rest.dropFirst() }
    // Nothing more, `_2` of the wide ones, `_gn`, or groups and width: `_32x4d`.
    if rest.isEmpty || rest == "_2" || rest == "_gn" { return true }
    guard rest.hasPrefix("_"), rest.hasSuffix("d") else { return false }
    let parts = rest.dropFirst().dropLast().split(separator: "x", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { Int($0) != nil }
  }
}
