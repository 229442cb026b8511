import ArgumentParser

/// Fails for a chart that would be neither SVG nor PNG.
func validateChart(_ path: String?) throws {
  guard let path, !path.lowercased().hasSuffix(".svg"), !path.lowercased().hasSuffix(".png") else { return }
  throw ValidationError("--chart: expected a name that ends in .svg or .png, found \(path)")
}
