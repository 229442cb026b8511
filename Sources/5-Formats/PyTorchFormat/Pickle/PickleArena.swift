import FileIO
import ModelIR

/// Everything that a pickle's values refer to.
struct PickleArena {
  /// A storage that the pickle names by its key.
  struct Storage {
    let key: String
    let type: StorageType
    /// Elements of `type`.
    let count: Int
  }

  /// What a tensor refers to: a storage, or a part of it in elements (legacy files only).
  struct StorageView {
    let storage: Int
    let offset: Int
    let count: Int
  }

  /// A tensor as the pickle states it, not yet checked.
  struct Tensor {
    var view: Int
    var offset: Int
    var dimensions: [Int]
    var strides: [Int]
    var dataType: DataType
  }

  /// A tensor of any kind.
  enum TensorKind {
    case dense(Tensor)
    /// A tensor that cannot be read: "sparse", "quantized".
    case unsupported(String)
  }

  /// What a class or function would make that is never called: what it would get, and what would be put into it.
  struct Object {
    /// The class or function: `argparse.Namespace`.
    let name: String
    /// What BUILD would set: mostly a dictionary of attributes.
    var state: PickleValue?
    /// The container of keys and values that would be set; nil if none are.
    var pairs: Int?
    /// The container of items that would be added; nil if none are.
    var items: Int?
  }

  /// The bytes that slices refer to.
  let bytes: ByteRegion
  var containers: [[PickleValue]] = []
  var objects: [Object] = []
  var storages: [Storage] = []
  var views: [StorageView] = []
  var tensors: [TensorKind] = []
  var storageIndices: [String: Int] = [:]

  init(bytes: ByteRegion) {
    self.bytes = bytes
  }

  /// The text of a slice, or nil if it is not UTF-8.
  func string(_ slice: PickleSlice) -> String? {
    bytes.withBytes { bytes in
      bytes.extracting(slice.offset..<slice.offset + slice.count).text()
    }
  }

  /// Whether a slice holds just this text.
  func isText(_ value: PickleValue, _ text: String) -> Bool {
    guard case .text(let slice) = value, slice.count == text.utf8.count else { return false }
    return bytes.withBytes { bytes in
      bytes.extracting(slice.offset..<slice.offset + slice.count).array().elementsEqual(text.utf8)
    }
  }

  /// The keys and values of a dictionary.
  func pairs(_ dictionary: Int) -> [(key: PickleValue, value: PickleValue)] {
    let items = containers[dictionary]
    return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  /// The container of a dictionary's keys and values, also of an object that is one by its base class, such as a
  /// defaultdict; nil for anything else.
  func dictionary(_ value: PickleValue) -> Int? {
    switch value {
    case .dictionary(let index): index
    case .object(let index): objects[index].pairs
    case .none, .bool, .integer, .longInteger, .real, .text, .global, .opaque, .tuple, .list, .set, .storage,
      .tensor:
      nil
    }
  }

  /// The container of an object's attributes: the dictionary that BUILD would put in place, alone or first of two
  /// (attributes and slots); nil if there is none.
  func attributes(_ object: Int) -> Int? {
    switch objects[object].state {
    case .dictionary(let index): return index
    case .tuple(let index):
      guard case .dictionary(let first)? = containers[index].first else { return nil }
      return first
    default:
      // Any other state is the class's own affair.
      return nil
    }
  }

  /// What a value is, for messages.
  func describe(_ value: PickleValue) -> String {
    switch value {
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return "the integer \(value)"
    case .longInteger: return "an integer of more than 64 bits"
    case .real: return "a real number"
    case .text(let slice):
      guard let text = string(slice) else { return "a text that is not UTF-8" }
      return "the text '\(text.escapedForMessage)'"
    case .global(let global): return global.description
    case .opaque(let name): return name
    case .object(let index):
      return "an object of '\(objects[index].name.escapedForMessage)', which is never made"
    case .tuple(let index): return "a tuple of \(containers[index].count)"
    case .list(let index): return "a list of \(containers[index].count)"
    case .dictionary(let index): return "a dictionary of \(containers[index].count / 2)"
    case .set(let index): return "a set of \(containers[index].count)"
    case .storage: return "a storage"
    case .tensor(let index):
      switch tensors[index] {
      case .dense(let tensor): return "a \(tensor.dataType.rawValue) tensor of shape \(tensor.dimensions)"
      case .unsupported(let kind): return "a \(kind) tensor"
      }
    }
  }
}
