@_exported public import Architectures
// What the signatures of this module name: errors, tensors and graphs, architectures, reports.
@_exported public import Comparison
@_exported public import Deployment
@_exported public import FileIO
@_exported public import Inspection
@_exported public import ModelIR
