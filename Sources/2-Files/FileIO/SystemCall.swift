import Glibc

/// The text of an `errno` value.
// Safe: the text is copied before anything else can change it.
package func reason(_ code: Int32) -> String {
  guard let text = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}

/// The time by the clock that files are stamped with; nil if the system has none.
func coarseTime() -> timespec? {
  var now = timespec()
  return unsafe clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 ? now : nil
}

/// Calls `body` again as long as it is interrupted by a signal; a result below zero is a failure with `errno` set.
func retrying<Result: SignedInteger>(_ body: () -> Result) -> Result {
  while true {
    let result = body()
    if result >= 0 || errno != EINTR { return result }
  }
}

/// A word for what kind of thing a `st_mode` describes.
func fileKind(_ mode: mode_t) -> String {
  switch mode & S_IFMT {
  case S_IFDIR: "a directory"
  case S_IFLNK: "a symbolic link"
  case S_IFIFO: "a FIFO"
  case S_IFSOCK: "a socket"
  case S_IFCHR, S_IFBLK: "a device"
  default: "something else"
  }
}
