extension ModelComparison {
  func addWeights(to report: inout DiffReport) throws(DiffError) {}
}
