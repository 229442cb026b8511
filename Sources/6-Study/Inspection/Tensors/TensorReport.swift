package import FileIO
public import ModelIR

/// What `inspect` says of tensors that stand for themselves: those of an unknown architecture, or of any model whose
/// tensors are asked for. `schemas/inspect.schema.json` describes its JSON.
public struct TensorReport: Sendable, Codable, Hashable {
  /// One stored tensor.
  public struct Tensor: Sendable, Codable, Hashable {
    /// The file's name of it, without a prefix that was taken off.
    public var name: String
    /// The element type, such as `float32`.
    public var type: String
    /// The extents, in the file's own order of axes.
    public var shape: [Int]
    /// What the elements take.
    public var bytes: Int
    /// What its elements are like; nil where they were not read, or are no real numbers.
    public var statistics: TensorStatistics?
  }

  /// A module, told from the names: everything before a point.
  public struct Module: Sendable, Codable, Hashable {
    /// The dotted name; empty for the whole.
    public var name: String
    /// How many modules it stands in; 0 for the whole.
    public var depth: Int
    /// The tensors in it and in its parts.
    public var tensors: Int
    /// Their learnable numbers; what several tensors share is counted once, with the first.
    public var parameters: Int
    /// Running statistics, counters and integers, counted alike.
    public var buffers: Int
    /// What all of these take.
    public var bytes: Int
  }

  /// The format's short name, such as `safetensors`.
  public var format: String
  /// The file, or what a model in memory was called.
  public var path: String
  /// The network's name, or that there is none that is known.
  public var architecture: String
  /// Why these are the weights of no known network; nil if they are.
  public var reason: String?
  /// All modules, each before its parts, in the order of the tensors; the first is the whole.
  public var modules: [Module]
  /// All tensors, in the order of the file.
  public var tensors: [Tensor]
  /// What the file says beside its tensors, as far as it is plain, by dotted keys.
  public var facts: [String: String]
  /// What a user should know of the reading, one sentence each.
  public var notes: [String]
  /// What the file says of its graph; nil for files without one.
  public var graph: GraphSummary?

  /// Sums over all tensors.
  public var totals: Module { modules[0] }

  /// Names are not looked at beyond as many parts.
  private static let mostLevels = 16

  /// - Parameter readsElements: whether the elements are read for their statistics; otherwise only shapes are.
  package init(
    _ weights: StateDict, format: String, path: String, architecture: String, reason: String?,
    notes: [String],
    readsElements: Bool
  ) throws(ScaleNetError) {
    self.format = format
    self.path = path
    self.architecture = architecture
    self.reason = reason
    self.notes = notes
    facts = weights.facts
    tensors = []
    modules = [Module(name: "", depth: 0, tensors: 0, parameters: 0, buffers: 0, bytes: 0)]
    var indices = ["": 0]
    var seen: Set<TensorPlace> = []
    var shared = 0
    for entry in weights.entries {
      let tensor = entry.tensor
      let statistics = readsElements ? try TensorStatistics(tensor, name: entry.name, path: path) : nil
      tensors.append(
        Tensor(
          name: entry.name, type: tensor.dataType.rawValue, shape: tensor.shape.dimensions,
          bytes: tensor.byteCount,
          statistics: statistics))
      // Tensors without elements lie nowhere.
      let isNew = tensor.elementCount == 0 || seen.insert(TensorPlace(tensor)).inserted
      if !isNew { shared += 1 }
      for module in Self.owners(of: entry.name, &modules, &indices) {
        modules[module].tensors += 1
        guard isNew else { continue }
        if Self.isBuffer(entry) {
          modules[module].buffers = modules[module].buffers.saturatingAdded(to: tensor.elementCount)
        } else {
          modules[module].parameters = modules[module].parameters.saturatingAdded(to: tensor.elementCount)
        }
        modules[module].bytes = modules[module].bytes.saturatingAdded(to: tensor.byteCount)
      }
    }
    if shared > 0 {
      self.notes.append(
        (shared == 1 ? "1 tensor is another" : "\(shared) tensors are others")
          + " under a second name; sums count it once")
    }
    sortModules()
  }

  /// The modules that a tensor is in, from the whole to the innermost; those that are new are added.
  private static func owners(
    of name: String, _ modules: inout [Module], _ indices: inout [String: Int]
  ) -> [Int] {
    var result = [0]
    var depth = 0
    for index in name.indices where name[index] == "." && depth < mostLevels {
      depth += 1
      let owner = String(name[..<index])
      if let known = indices[owner] {
        result.append(known)
      } else {
        indices[owner] = modules.count
        result.append(modules.count)
        modules.append(Module(name: owner, depth: depth, tensors: 0, parameters: 0, buffers: 0, bytes: 0))
      }
    }
    return result
  }

  /// Puts the parts of each module behind it, also where the file's order mixes them.
  private mutating func sortModules() {
    var parts: [String: [Module]] = [:]
    for module in modules.dropFirst() {
      let parent = module.depth == 1 ? "" : String(module.name[..<module.name.lastIndex(of: ".")!])
      parts[parent, default: []].append(module)
    }
    var sorted = [modules[0]]
    var pending = Array((parts[""] ?? []).reversed())
    while let module = pending.popLast() {
      sorted.append(module)
      pending += (parts[module.name] ?? []).reversed()
    }
    modules = sorted
  }

  /// Running statistics, and whatever has no real numbers, such as counters.
  private static func isBuffer(_ entry: StateDict.Entry) -> Bool {
    guard entry.tensor.dataType.isReal else { return true }
    return ["running_mean", "running_var", "moving_mean", "moving_variance"].contains {
      entry.name.hasSuffix($0)
    }
  }
}
