import Architectures
import FileIO
import ModelIR

/// Gives the weights of a Keras model that was written from a PyTorch network the names back that they had there.
enum PyTorchNames {
  /// PyTorch's names of a layer's variables.
  private static let variables = [
    "kernel": "weight", "depthwise_kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var",
  ]
  /// Names of modules that have an underscore themselves; every other one stands for a dot.
  private static let compounds = ["se_module", "last_linear"]

  /// The weights under PyTorch's names, and the network that they are; nil if they are not all of a network that is
  /// known. Tensors are OIHW already.
  static func restored(_ weights: StateDict, source: String) -> (weights: StateDict, network: Architecture)? {
    var result = StateDict()
    for entry in weights.entries {
      guard let name = name(entry.name), result.append(name, entry.tensor) else { return nil }
    }
    do throws(ScaleNetError) {
      return (result, try Architecture.recognize(result, source: source))
    } catch {
      // Not an error: any model can be a Keras model.
      return nil
    }
  }

  /// `layer1_0_conv2_1.kernel` becomes `layer1.0.conv2.1.weight`.
  private static func name(_ name: String) -> String? {
    guard let dot = name.lastIndex(of: "."), let variable = variables[String(name[name.index(after: dot)...])]
    else { return nil }
    var module = name[..<dot].replacing("_", with: ".")
    for compound in compounds {
      module = module.replacing(compound.replacing("_", with: "."), with: compound)
    }
    return "\(module).\(variable)"
  }
}
