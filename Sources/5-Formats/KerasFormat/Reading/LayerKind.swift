import FileIO
import JSONText

/// What a layer's class, module and registered name say that it is. They are only compared with known names.
struct LayerKind {
  let layerClass: LayerClass
  let operation: Operation?

  /// - Parameter invalid: makes an error of a place, what was expected and what was found.
  init(
    _ json: JSON, _ className: String, _ settings: JSON,
    _ invalid: (_ place: String, _ expected: String, _ found: String) -> ScaleNetError
  ) throws(ScaleNetError) {
    guard case .object = settings else { throw invalid("config", "an object", settings.kind) }
    var module = ""
    if case .string(let text)? = json["module"] { module = text }
    if module.hasPrefix("keras.src.ops.") {
      guard let known = Operation(module: module, className: className) else {
        throw invalid("class_name", "an operation that plain layers have", "\(module).\(className)")
      }
      (layerClass, operation) = (.operation, known)
    } else if let known = Self.unmarkedOperation(json, className, settings) {
      (layerClass, operation) = (.operation, known)
    } else if Operation.wrappers.contains(className) {
      guard case .string(let function)? = settings["function"], let known = Operation(function: function)
      else {
        throw invalid(
          "function", "an operation that plain layers have", settings["function"]?.kind ?? "nothing")
      }
      (layerClass, operation) = (.operation, known)
    } else {
      guard let known = LayerClass(className: className) else {
        throw invalid("class_name", "one of Keras's plain layers that is known here", className)
      }
      (layerClass, operation) = (known, nil)
    }
    // A layer of somebody's own may have a plain layer's name.
    switch json["module"] {
    case nil, .null?: break
    case .string(let module)? where module == "keras" || module.hasPrefix("keras."): break
    case let module?: throw invalid("module", "keras.layers", module.kind)
    }
    switch json["registered_name"] {
    case nil, .null?, .string(className)?: break
    case .string("Custom>\(className)")? where layerClass.isOfApplications && module.hasPrefix("keras."):
      break
    case let registered?: throw invalid("registered_name", "none", registered.kind)
    }
  }

  /// An operation of Keras 3 in an `.h5` file, which does not say so: it has arguments beside each other, where a layer of
  /// the same name has a list.
  private static func unmarkedOperation(_ json: JSON, _ className: String, _ settings: JSON) -> Operation? {
    guard json["module"] == nil, settings["trainable"] == nil,
      case .array(let nodes)? = json["inbound_nodes"],
      case .array(let arguments)? = nodes.first?["args"]
    else { return nil }
    if arguments.count == 1, case .array = arguments[0], LayerClass(className: className) != nil {
      return nil
    }
    return Operation(className: className)
  }
}
