import CHDF5
import FileIO

// Safe: the list outlives the walk, which calls back before it returns; texts of the library are copied.

/// The one way to libhdf5, which serves one thread at a time and prints its errors unless told not to.
enum Library {
  private static let lock = Lock()

  /// Calls `body` while no other thread uses the library.
  static func withLock<Result>(_ body: () throws(ScaleNetError) -> Result) throws(ScaleNetError) -> Result {
    try lock.withLock { () throws(ScaleNetError) in
      // Set each time: the setting belongs to a thread.
      H5Eset_auto2(scalenet_h5e_default(), nil, nil)
      return try body()
    }
  }

  /// The error stack of the last failed call, outermost first, on one line.
  static func errorStack() -> String {
    var lines: [String] = []
    unsafe withUnsafeMutablePointer(to: &lines) { lines in
      let visit: H5E_walk2_t = { _, entry, context in
        guard let entry = unsafe entry, let context = unsafe context else { return 0 }
        let function = unsafe entry.pointee.func_name.map { unsafe String(cString: $0) } ?? "libhdf5"
        let reason = unsafe entry.pointee.desc.map { unsafe String(cString: $0) } ?? "unknown"
        unsafe context.assumingMemoryBound(to: [String].self).pointee.append("\(function): \(reason)")
        return 0
      }
      _ = unsafe H5Ewalk2(scalenet_h5e_default(), H5E_WALK_DOWNWARD, visit, lines)
    }
    return lines.isEmpty ? "no reason given" : lines.joined(separator: "; ")
  }
}
