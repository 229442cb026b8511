import FileIO

// Safe: the address of a tensor is compared, and never followed.

/// Named tensors in the order of their file, as PyTorch's `state_dict()` gives them.
public struct StateDict: Sendable {
  /// One named tensor.
  public struct Entry: Sendable {
    /// The key: `layer1.0.conv1.weight`.
    public var name: String
    /// A view of the file that it was read from, or of memory of its own.
    public var tensor: Tensor

    public init(name: String, tensor: Tensor) {
      self.name = name
      self.tensor = tensor
    }
  }

  /// All tensors, in the order in which they were added; names are unique.
  public private(set) var entries: [Entry] = []
  private var indices: [String: Int] = [:]
  /// Remarks of the reader that a user should see (a prefix stripped, a dtype converted), one sentence each.
  public var notes: [String] = []
  /// What stands among the tensors under a name and is none: a few words on it, by name. A weight that is looked for there
  /// is an error that says them.
  public var others: [String: String] = [:]
  /// What the file says beside its tensors, as far as it is plain, by dotted keys: `args.arch` is `resnet18`.
  public var facts: [String: String] = [:]

  public init() {}

  /// Adds a tensor. False, and nothing is changed, if the name is taken.
  @discardableResult
  public mutating func append(_ name: String, _ tensor: Tensor) -> Bool {
    guard indices[name] == nil else { return false }
    indices[name] = entries.count
    entries.append(Entry(name: name, tensor: tensor))
    return true
  }

  /// The tensor of this name, nil if there is none.
  public subscript(name: String) -> Tensor? {
    indices[name].map { entries[$0].tensor }
  }

  /// The keys, in the order of the entries.
  public var names: [String] { entries.map(\.name) }
  /// How many tensors there are.
  public var count: Int { entries.count }

  /// How many numbers a network learns: all but running statistics and counters.
  public var learnableCount: Int {
    learnable.reduce(0) { sum, entry in sum.saturatingAdded(to: entry.tensor.elementCount) }
  }

  /// The same, where a tensor that has several names, as tied weights have, counts once.
  public var distinctLearnableCount: Int {
    var seen: Set<TensorPlace> = []
    return learnable.reduce(0) { sum, entry in
      seen.insert(TensorPlace(entry.tensor)).inserted
        ? sum.saturatingAdded(to: entry.tensor.elementCount) : sum
    }
  }

  private var learnable: some Sequence<Entry> {
    let buffers = ["running_mean", "running_var", "num_batches_tracked"]
    return entries.lazy.filter { entry in !buffers.contains { entry.name.hasSuffix($0) } }
  }
}

/// Where a tensor lies in memory, and how: two names for the same place are one tensor, as tied weights have them.
package struct TensorPlace: Hashable {
  private let address: UInt
  private let shape: TensorShape
  private let strides: [Int]
  private let type: DataType

  package init(_ tensor: Tensor) {
    let base = unsafe tensor.storage.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    address = base &+ UInt(tensor.offset * tensor.storedType.byteCount)
    shape = tensor.shape
    strides = tensor.strides
    type = tensor.dataType
  }
}

/// An output of a graph.
public struct NamedTensor: Sendable {
  /// The name of the graph's input or output.
  public var name: String
  /// Its elements; images are NCHW.
  public var tensor: Tensor

  public init(name: String, tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}
