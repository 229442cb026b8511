// What the signatures of this module name: errors, tensors and graphs, architectures, reports.
@_exported public import Analysis
@_exported public import Architectures
@_exported public import FileIO
@_exported public import ModelIR
