public import Classification
public import FileIO

extension PreprocessingReport {
  /// `shorter side to 256, centre 224x224, bilinear; / 255, - 0.485 0.456 0.406, / 0.229 0.224 0.225`.
  var text: String {
    // Whole numbers without a point.
    func number(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? value.shortest }
    func numbers(_ values: [Double]) -> String { values.map(number).joined(separator: " ") }
    let size = "\(inputSize[1])x\(inputSize[0])"
    let geometry: String
    switch cropMode {
    case "squash": geometry = "squashed to \(resize[1])x\(resize[0]), centre \(size)"
    case "border": geometry = "fitted into \(resize[1])x\(resize[0]) with a border, \(size)"
    default:
      geometry =
        resize[0] == resize[1]
        ? "shorter side to \(resize[0]), centre \(size)" : "over \(resize[1])x\(resize[0]), centre \(size)"
    }
    var steps: [String] = []
    if divisor != 1 { steps.append("/ \(number(divisor))") }
    if mean.contains(where: { $0 != 0 }) { steps.append("- \(numbers(mean))") }
    if standardDeviation.contains(where: { $0 != 1 }) { steps.append("/ \(numbers(standardDeviation))") }
    let arithmetic = steps.isEmpty ? "bytes" : steps.joined(separator: ", ")
    return "\(geometry), \(interpolation); \(channelOrder), \(arithmetic)"
      + (isInGraph ? " (in the graph)" : "")
      + (appliesOrientation ? "; turned by Exif" : "") + (background.map { "; alpha on \($0)" } ?? "")
  }
}

extension ClassScore {
  /// The label, or the number where there is none.
  var name: String { label?.escapedWhole ?? "class \(index)" }

  /// `93.41 %`.
  var percent: String { "\((probability * 100).fixed(2)) %" }
}

extension PredictionReport {
  /// As `schemas/predict.schema.json` has it.
  public func json() throws(ScaleNetError) -> String { try reportJSON(self, of: model) }

  /// A row for each answer of each image; one with an error for an image that could not be read.
  public var csv: String {
    var table = CSVTable(["image", "rank", "index", "label", "probability", "error"])
    for image in images {
      let name = CSVTable.name(image.image)
      if let error = image.error { table.add([name, "", "", "", "", CSVTable.name(error)]) }
      for (rank, answer) in image.classes.enumerated() {
        table.add(
          [
            name, "\(rank + 1)", "\(answer.index)", CSVTable.name(answer.label ?? ""),
            "\(answer.probability)", "",
          ])
      }
    }
    return table.text
  }

  /// A table for a terminal: one image as a list of answers, several with a row for each answer.
  public func text(_ style: Style) -> String {
    var result = preprocessing.text.wrapped(to: style.width).map { style.faint($0) + "\n" }.joined()
    for image in images {
      result += "\n" + style.bold(image.image.escapedWhole.fitted(to: style.width)) + "\n"
      if let error = image.error {
        result += "  " + "not read: \(error)".wrapped(to: style.width - 2).joined(separator: "\n  ") + "\n"
        continue
      }
      for answer in image.classes {
        let percent = answer.percent.padded(to: 9, isRight: true)
        let filled = max(0, min(20, Int((answer.probability * 20).rounded())))
        let bar = String(repeating: "#", count: filled).padded(to: 20)
        result += "\(percent)  \(bar)  \(answer.name.fitted(to: style.width - 33))\n"
      }
    }
    return result
  }
}

extension EvaluationReport {
  /// As `schemas/eval.schema.json` has it.
  public func json() throws(ScaleNetError) -> String { try reportJSON(self, of: model) }

  /// The columns of timm's results files, with a header: percentages, parameters in millions.
  public var csv: String {
    let parts = [percentage(top1), percentage(top5)]
    func cells(_ value: Double?) -> [String] {
      guard let value else { return ["", ""] }
      return [value.fixed(3), (100 - value).fixed(3)]
    }
    let file = model.split(separator: "/").last ?? ""
    let name = file.split(separator: ".").first.map(String.init) ?? model
    let row =
      [CSVTable.name(name), "\(preprocessing.inputSize[0])"] + cells(parts[0]) + cells(parts[1])
      + [
        (Double(parameters) / 1e6).fixed(2), preprocessing.cropPercentage.fixed(3),
        preprocessing.interpolation,
      ]
    return "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation\n"
      + row.joined(separator: ",") + "\n"
  }

  /// For a terminal: the accuracy, what was confused most, the classes that do worst, and what could not be read.
  ///
  /// - Parameter isPerClass: whether every class has a row.
  public func text(_ style: Style, isPerClass: Bool = false) -> String {
    func percent(_ count: Int, of total: Int) -> String {
      total > 0 ? "\((Double(count) / Double(total) * 100).fixed(2)) %" : "-"
    }
    var rows = [
      (
        "model",
        "\(model.escapedWhole): \(architecture.escapedWhole), \(parameters.grouped) parameters"
      ),
      (
        "images",
        "\(images.grouped) of \(dataset.name.escapedWhole), truth by \(dataset.groundTruth.escapedWhole)"
      ),
      ("prepared", preprocessing.text),
      ("top-1", "\(percent(top1, of: images))  (\(top1.grouped))"),
      ("top-5", "\(percent(top5, of: images))  (\(top5.grouped))"),
    ]
    if let shard {
      rows.insert(
        ("shard", "\(shard.index) of \(shard.count): \(total.grouped) of \(dataset.images.grouped) images"),
        at: 2)
    }
    if withoutClass > 0 { rows.append(("no class", "\(withoutClass.grouped) images that count for nothing")) }
    if notFinite > 0 { rows.append(("not finite", "\(notFinite.grouped) images, counted as wrong")) }
    if !unreadable.isEmpty {
      rows.append(("not read", "\(unreadable.count.grouped) images, counted nowhere"))
    }
    if !isFinished {
      rows.append(("unfinished", "\(processed.grouped) of \(total.grouped) images are done with"))
    }
    var text = rows.map { name, value in
      value.wrapped(to: max(20, style.width - 12)).enumerated().map { index, line in
        (index == 0 ? name : "").padded(to: 12) + line + "\n"
      }.joined()
    }.joined()
    text += sections(style, isPerClass: isPerClass, percent: percent)
    if !unreadable.isEmpty {
      text += "\n" + style.bold("not read") + "\n"
      let shown = isPerClass ? unreadable.count : 10
      for entry in unreadable.prefix(shown) {
        text += "  \(entry.image.escapedWhole): \(entry.reason)\n"
      }
      if unreadable.count > shown { text += "  and \((unreadable.count - shown).grouped) more\n" }
    }
    return text
  }

  private func sections(
    _ style: Style, isPerClass: Bool, percent: (Int, Int) -> String
  ) -> String {
    var names: [Int: String] = [:]
    for entry in classes { names[entry.index] = entry.label?.escapedWhole ?? "class \(entry.index)" }
    func name(_ index: Int) -> String { names[index] ?? "class \(index)" }
    var text = ""
    if !confusions.isEmpty {
      var table = TextTable([
        .init("images", isNumber: true), .init("truth", isFlexible: true),
        .init("taken for", isFlexible: true),
      ])
      for entry in confusions.prefix(10) {
        table.add([entry.images.grouped, name(entry.truth), name(entry.predicted)])
      }
      text += "\n" + style.bold("confused most") + "\n" + table.text(style)
    }
    // The worst first; of equals the one with more images.
    let sorted =
      isPerClass
      ? classes
      : classes.sorted { left, right in
        let (a, b) = (left.top1 * right.images, right.top1 * left.images)
        return a != b
          ? a < b : left.images != right.images ? left.images > right.images : left.index < right.index
      }
    if classes.count > 1 {
      var table = TextTable([
        .init("class", isNumber: true), .init("name", isFlexible: true), .init("images", isNumber: true),
        .init("top-1", isNumber: true), .init("top-5", isNumber: true),
      ])
      for entry in isPerClass ? sorted[...] : sorted.prefix(10) {
        table.add([
          "\(entry.index)", name(entry.index), entry.images.grouped, percent(entry.top1, entry.images),
          percent(entry.top5, entry.images),
        ])
      }
      text += "\n" + style.bold(isPerClass ? "classes" : "classes that do worst") + "\n" + table.text(style)
    }
    return text
  }
}
