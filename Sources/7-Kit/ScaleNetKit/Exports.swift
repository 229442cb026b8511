@_exported public import Architectures
@_exported public import Classification
// What the signatures of this module name: errors, tensors and graphs, architectures, images, reports.
@_exported public import Comparison
@_exported public import Deployment
@_exported public import FileIO
@_exported public import Images
@_exported public import Inspection
@_exported public import ModelIR
@_exported public import Profiling
