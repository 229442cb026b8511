import FileIO
import ModelIR

/// The classes and functions that a pickle names. None of them is ever called: each stands for what it would make of its
/// arguments, if that is known.
enum PickleGlobal {
  case orderedDictionary, counter, set
  case byteArray, complex, encode, size, device, layout
  case parameter
  case storage(StorageType)
  case dataType(DataType)
  /// An element type that the library does not have.
  case foreignType(String)
  /// A tensor class or quantisation scheme, which only appears as an argument.
  case marker(String)
  case rebuildTensor, rebuildTensorV2, rebuildTensorV3
  case rebuildParameter, rebuildParameterWithState, rebuildFromType
  /// A function that makes a kind of tensor which cannot be read.
  case rebuildUnsupported(String)
  /// Any other class or function: what it would make is kept as an object that is never made.
  case unknown(String)

  /// The global of that qualified name.
  init(module: String, name: String) {
    let qualified = module + "." + name
    self = Self.known[qualified] ?? .unknown(qualified)
  }

  /// For messages.
  var description: String {
    switch self {
    case .storage(let type): "the class \(type.name)"
    case .dataType(let type): "the type \(type.rawValue)"
    case .foreignType(let name), .marker(let name): name
    case .unknown(let name): "the class or function '\(name.escapedForMessage)'"
    case .orderedDictionary: "the class OrderedDict"
    case .counter: "the class Counter"
    case .set: "the class set"
    case .byteArray: "the class bytearray"
    case .complex: "the class complex"
    case .encode: "the function encode"
    case .size: "the class torch.Size"
    case .device: "the class torch.device"
    case .layout: "the function _get_layout"
    case .parameter: "the class Parameter"
    case .rebuildTensor: "the function _rebuild_tensor"
    case .rebuildTensorV2: "the function _rebuild_tensor_v2"
    case .rebuildTensorV3: "the function _rebuild_tensor_v3"
    case .rebuildParameter: "the function _rebuild_parameter"
    case .rebuildParameterWithState: "the function _rebuild_parameter_with_state"
    case .rebuildFromType: "the function _rebuild_from_type_v2"
    case .rebuildUnsupported(let kind): "a function that makes a \(kind) tensor"
    }
  }

  private static let known: [String: PickleGlobal] = {
    var table: [String: PickleGlobal] = [
      "collections.OrderedDict": .orderedDictionary,
      "collections.Counter": .counter,
      "_codecs.encode": .encode,
      "torch.Size": .size,
      "torch.device": .device,
      "torch.serialization._get_layout": .layout,
      "torch.nn.parameter.Parameter": .parameter,
      "torch.storage.UntypedStorage": .storage(.untyped),
      "torch._utils._rebuild_tensor": .rebuildTensor,
      "torch._utils._rebuild_tensor_v2": .rebuildTensorV2,
      "torch._utils._rebuild_tensor_v3": .rebuildTensorV3,
      "torch._utils._rebuild_parameter": .rebuildParameter,
      "torch._utils._rebuild_parameter_with_state": .rebuildParameterWithState,
      "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
      "torch._utils._rebuild_sparse_tensor": .rebuildUnsupported("sparse"),
      "torch._utils._rebuild_qtensor": .rebuildUnsupported("quantized"),
      "torch._utils._rebuild_nested_tensor": .rebuildUnsupported("nested"),
      "torch._utils._rebuild_meta_tensor_no_storage": .rebuildUnsupported("meta (without data)"),
    ]
    // Protocol 2 names the builtins as Python 2 does.
    for module in ["builtins", "__builtin__"] {
      table[module + ".set"] = .set
      table[module + ".bytearray"] = .byteArray
      table[module + ".complex"] = .complex
    }
    for type in StorageType.typed + StorageType.quantized {
      for module in ["torch", "torch.cuda"] { table["\(module).\(type.name)"] = .storage(type) }
      let tensorClass = type.name.replacing("Storage", with: "Tensor")
      for module in ["torch", "torch.cuda", "torch.sparse", "torch.cuda.sparse"] {
        table["\(module).\(tensorClass)"] = .marker("the class \(tensorClass)")
      }
    }
    table["torch.Tensor"] = .marker("the class Tensor")
    for type in DataType.allCases { table["torch." + type.rawValue] = .dataType(type) }
    for name in foreignTypes { table["torch." + name] = .foreignType(name) }
    for name in quantizationSchemes { table["torch." + name] = .marker(name) }
    return table
  }()

  private static let foreignTypes =
    [
      "complex32", "qint8", "quint8", "qint32", "quint4x2", "quint2x4", "bits8", "bits16", "bits1x8",
      "bits2x4", "bits4x2", "float4_e2m1fn_x2",
    ] + (1...7).flatMap { ["int\($0)", "uint\($0)"] }

  private static let quantizationSchemes = [
    "per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric",
    "per_channel_affine_float_qparams",
  ]
}
