import Glibc

// Safe: the system fills a structure, and as many bytes of a buffer as it has.

/// How much memory this process may still take, where that is known: running out of it ends a program without an error.
package struct MemoryLimit: Sendable {
  /// Bytes that are left.
  package let bytes: Int
  /// What limits them, for messages.
  package let source: String

  /// The same limit, of which no more is counted on.
  package func atMost(_ bytes: Int) -> MemoryLimit {
    MemoryLimit(bytes: min(self.bytes, bytes), source: source)
  }

  /// The tightest of the process's own limits, its control group's, and what the machine has; nil if nothing is known.
  package static func ofProcess() -> MemoryLimit? {
    let pages = numbers(in: "/proc/self/statm")
    let page = sysconf(Int32(_SC_PAGESIZE))
    var limits: [MemoryLimit] = []
    func add(_ limit: Int?, used: Int, _ source: String) {
      if let limit { limits.append(MemoryLimit(bytes: max(0, limit - used - reserve), source: source)) }
    }
    if pages.count > 5 {
      add(resourceLimit(RLIMIT_AS), used: pages[0] * page, "the limit of the address space (ulimit -v)")
      add(resourceLimit(RLIMIT_DATA), used: pages[5] * page, "the limit of the data segment (ulimit -d)")
    }
    for group in controlGroups() { add(group.limit, used: group.used, "the limit of the control group") }
    add(sysconf(Int32(_SC_PHYS_PAGES)) * page + swap(), used: 0, "the machine's memory")
    return limits.min { $0.bytes < $1.bytes }
  }

  /// What is kept for stacks of threads and small things.
  private static let reserve = 32 << 20

  private static func resourceLimit(_ resource: __rlimit_resource) -> Int? {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0,
      limit.rlim_cur < UInt(Int.max)
    else { return nil }
    return Int(limit.rlim_cur)
  }

  /// How one version of control groups says what is limited.
  private struct GroupFiles {
    /// Where the groups are, and the controller that `/proc/self/cgroup` names; none in the second version.
    let root: String
    let controller: String?
    /// The file with the limit, and the word of `memory.stat` before the bytes that cannot be given back.
    let limit: String
    let used: String
  }

  private static let groupFiles = [
    GroupFiles(root: "/sys/fs/cgroup", controller: nil, limit: "memory.max", used: "anon "),
    GroupFiles(
      root: "/sys/fs/cgroup/memory", controller: "memory", limit: "memory.limit_in_bytes", used: "total_rss "),
  ]

  /// The limits of the innermost groups that have one, of both versions, and what cannot be given back of what their
  /// processes have.
  private static func controlGroups() -> [(limit: Int, used: Int)] {
    let lines = text(of: "/proc/self/cgroup")?.split(separator: "\n") ?? []
    return groupFiles.compactMap { files in
      let names = lines.compactMap { line -> Substring? in
        // A number, the controllers, the path.
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { return nil }
        let controllers = fields[1].split(separator: ",")
        let isMeant = files.controller.map { controllers.contains(Substring($0)) } ?? controllers.isEmpty
        return isMeant ? fields[2] : nil
      }
      guard let name = names.first else { return nil }
      var path = files.root + name
      while path.utf8.count >= files.root.utf8.count {
        // Where nothing is limited, the first version says so with a number that no machine has.
        if let limit = numbers(in: "\(path)/\(files.limit)").first, limit < 1 << 60 {
          let lines = text(of: "\(path)/memory.stat")?.split(separator: "\n") ?? []
          let used = lines.first { $0.hasPrefix(files.used) }
          return (limit, used.flatMap { Int($0.dropFirst(files.used.count)) } ?? 0)
        }
        guard let slash = path.lastIndex(of: "/") else { return nil }
        path = String(path[..<slash])
      }
      return nil
    }
  }

  private static func swap() -> Int {
    let lines = text(of: "/proc/meminfo")?.split(separator: "\n") ?? []
    let words = lines.first { $0.hasPrefix("SwapTotal:") }?.split(separator: " ") ?? []
    return words.count > 1 ? (Int(words[1]) ?? 0) << 10 : 0
  }

  private static func numbers(in path: String) -> [Int] {
    text(of: path)?.split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { Int($0) } ?? []
  }

  /// The first bytes of a file of the system, enough for all of these; nil if it can't be read.
  private static func text(of path: String) -> String? {
    let descriptor = retrying { unsafe open(path, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      retrying { unsafe read(descriptor, buffer.baseAddress!, buffer.count) }
    }
    return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
  }
}
