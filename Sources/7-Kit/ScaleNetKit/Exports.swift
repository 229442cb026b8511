@_exported public import Architectures
// What a program that imports ScaleNetKit also needs by name.
@_exported public import Comparison
@_exported public import FileIO
@_exported public import Inspection
@_exported public import KerasFormat
@_exported public import Kernels
@_exported public import ModelIR
@_exported public import NumPyFormat
@_exported public import ONNXFormat
@_exported public import PyTorchFormat
@_exported public import RecordingFormat
@_exported public import Reports
@_exported public import SafetensorsFormat
