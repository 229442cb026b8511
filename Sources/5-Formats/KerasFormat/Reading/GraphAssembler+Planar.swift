import FileIO
import JSONText
import ModelIR

/// Layers of one axis beside the channels, as those of two of which the first has extent 1.
extension GraphAssembler {
  /// The class of two axes.
  private static let planes: [LayerClass: LayerClass] = [
    .conv1D: .conv2D, .conv1DTranspose: .conv2DTranspose, .depthwiseConv1D: .depthwiseConv2D,
    .separableConv1D: .separableConv2D, .maxPooling1D: .maxPooling2D, .averagePooling1D: .averagePooling2D,
    .globalAveragePooling1D: .globalAveragePooling2D, .globalMaxPooling1D: .globalMaxPooling2D,
    .zeroPadding1D: .zeroPadding2D, .cropping1D: .cropping2D, .upSampling1D: .upSampling2D,
  ]
  /// Settings that have a number for each axis, and what they are for the axis of extent 1.
  private static let perAxis: [String: Int] = [
    "kernel_size": 1, "strides": 1, "dilation_rate": 1, "pool_size": 1, "size": 1, "output_padding": 0,
  ]

  mutating func addPlanar(_ reader: inout LayerReader) throws(ScaleNetError) -> LayerValue {
    let layer = reader.layer
    guard let plane = Self.planes[layer.layerClass], case .object(let members) = layer.settings else {
      throw reader.failure("class_name", "a layer of one axis", layer.className)
    }
    let format = try reader.dataFormat()
    var value = try input(reader)
    guard value.order.count == 3 else {
      throw reader.failure("inbound_nodes", "a sequence", "\(graph[value.id].type)")
    }
    let isLast = format == .channelsLast
    value = try arranged(value, isLast ? [0, 2, 1] : [0, 1, 2], reader)
    value.id = try node(unusedName("\(layer.name)_plane"), .unsqueeze(Unsqueeze(axes: [2])), [value.id])
    value.order = format.order
    var settings: [JSON.Member] = []
    for member in members {
      settings.append(try planar(member, plane, &value, reader))
    }
    if layer.layerClass == .upSampling1D, layer.settings["size"] == nil {
      settings.append(JSON.Member(key: "size", value: [1, 2]))
    }
    let strides = settings.first { $0.key == "strides" }?.value
    if plane == .maxPooling2D || plane == .averagePooling2D, strides == nil || strides == .null {
      settings.removeAll { $0.key == "strides" }
      let size = settings.first { $0.key == "pool_size" }?.value ?? [1, 2]
      settings.append(JSON.Member(key: "strides", value: size))
    }
    var changed = layer.changed(to: plane, .object(settings), inputs: [place(value)])
    changed.isPlanar = true
    changed.outerGroup = layer.outerGroup
    var own = try LayerReader(changed, path: path, isKeras3: isKeras3)
    let added = try add(changed, &own)
    var result = try plain(added, reader)
    try own.finish()
    for key in members.map(\.key) { _ = reader.value(key) }
    guard result.order.count == 4 else { return result }
    result.id = try node(unusedName("\(layer.name)_row"), .squeeze(Squeeze(axes: [2])), [result.id])
    result.order = isLast ? [0, 2, 1] : [0, 1, 2]
    return result
  }

  /// A setting for two axes. A causal margin, which stands before the sequence only, goes around the value.
  private func planar(
    _ member: JSON.Member, _ plane: LayerClass, _ value: inout LayerValue, _ reader: LayerReader
  ) throws(ScaleNetError) -> JSON.Member {
    func only(_ json: JSON) -> JSON {
      if case .array(let items) = json.unwrapped, items.count == 1 { items[0] } else { json.unwrapped }
    }
    if let other = Self.perAxis[member.key] {
      if member.value == .null { return member }
      return JSON.Member(key: member.key, value: .array([.integer(other), only(member.value)]))
    }
    let isMargin = member.key == "padding" && plane == .zeroPadding2D || member.key == "cropping"
    if isMargin {
      let side = only(member.value)
      var both: JSON = .array([side, side])
      if case .array = side { both = side }
      return JSON.Member(key: member.key, value: .array([[0, 0], both]))
    }
    guard member.key == "padding", member.value == .string("causal") else { return member }
    guard plane == .conv2D || plane == .separableConv2D || plane == .depthwiseConv2D else {
      throw reader.failure("padding", "valid or same", "causal")
    }
    func number(_ key: String) -> Int {
      if case .integer(let number)? = reader.layer.settings[key].map(only) { number } else { 1 }
    }
    let margin = (number("kernel_size") - 1).multipliedReportingOverflow(by: number("dilation_rate"))
    guard !margin.overflow, (0...1 << 16).contains(margin.partialValue) else {
      throw reader.failure("kernel_size, dilation_rate", "numbers in range", "others")
    }
    value.pads = [0, margin.partialValue, 0, 0]
    return JSON.Member(key: member.key, value: "valid")
  }
}
