import CHDF5
import FileIO

/// An identifier of libhdf5, closed once. A failed close of a file is a failed write.
struct Handle: ~Copyable {
  /// What the identifier stands for, which decides how it is closed.
  enum Kind {
    case file, group, object, dataset, space, type, attribute, properties
  }

  private(set) var identifier: hid_t
  private let kind: Kind
  private let path: String

  /// Takes over what a call returned; a negative identifier is its failure.
  init(_ kind: Kind, _ identifier: hid_t, path: String, operation: String) throws(ScaleNetError) {
    guard identifier >= 0 else {
      throw .library(path: path, operation: operation, stack: Library.errorStack())
    }
    self.kind = kind
    self.identifier = identifier
    self.path = path
  }

  deinit {
    if identifier >= 0 { _ = Self.close(kind, identifier) }
  }

  consuming func close() throws(ScaleNetError) {
    let closing = identifier
    identifier = -1
    guard Self.close(kind, closing) >= 0 else {
      throw .library(path: path, operation: "closing a \(kind)", stack: Library.errorStack())
    }
  }

  private static func close(_ kind: Kind, _ identifier: hid_t) -> herr_t {
    switch kind {
    case .file: H5Fclose(identifier)
    case .group: H5Gclose(identifier)
    case .object: H5Oclose(identifier)
    case .dataset: H5Dclose(identifier)
    case .space: H5Sclose(identifier)
    case .type: H5Tclose(identifier)
    case .attribute: H5Aclose(identifier)
    case .properties: H5Pclose(identifier)
    }
  }
}
