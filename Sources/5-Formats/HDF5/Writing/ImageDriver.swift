import CHDF5
import FileIO
import Glibc

// Safe: a file keeps its image from `open` to `close`, and has the library's fields first, as it asks of a driver;
// the static is touched under the library's lock.

/// A file driver of libhdf5 that keeps what the library writes in a `SparseImage`, so that the library decides about
/// the layout and every byte of the file is written by our own code.
///
/// Format of a driver: HDF5 Virtual File Layer, `H5FD_class_t`.
enum ImageDriver {
  /// A file as the library sees it: its own fields first, then ours.
  @unsafe private struct File {
    var base = unsafe H5FD_t()
    var image: Unmanaged<SparseImage>
  }

  /// The image that the next file gets; set while the library's lock is held.
  private static nonisolated(unsafe) var nextImage: SparseImage?

  /// The driver's identifier; negative if the library did not take it.
  private static let identifier: hid_t = {
    var driver = unsafe scalenet_h5fd_class()
    unsafe driver.name = UnsafeRawPointer(StaticString("scalenet_image").utf8Start)
      .assumingMemoryBound(to: CChar.self)
    unsafe driver.open = { _, _, _, _ in unsafe ImageDriver.open() }
    unsafe driver.close = { file in unsafe ImageDriver.close(file) }
    unsafe driver.query = { _, flags in
      unsafe flags?.pointee = scalenet_h5fd_features()
      return 0
    }
    unsafe driver.get_eoa = { file, _ in haddr_t(unsafe ImageDriver.image(file)?.allocatedEnd ?? 0) }
    unsafe driver.set_eoa = { file, _, address in unsafe ImageDriver.setEnd(file, address) }
    unsafe driver.get_eof = { file, _ in haddr_t(unsafe ImageDriver.image(file)?.writtenEnd ?? 0) }
    unsafe driver.read = { file, _, _, address, size, buffer in
      unsafe ImageDriver.read(file, address, size, buffer)
    }
    unsafe driver.write = { file, _, _, address, size, buffer in
      unsafe ImageDriver.write(file, address, size, buffer)
    }
    // The library keeps a copy.
    return unsafe H5FDregister(&driver)
  }()

  /// Lets files that are created with `properties` go into `image`. The next file created is the image's.
  static func select(_ properties: borrowing Handle, image: SparseImage, path: String) throws(ScaleNetError) {
    unsafe nextImage = image
    guard identifier >= 0, H5Pset_driver(properties.identifier, identifier, nil) >= 0 else {
      throw .library(path: path, operation: "registering a driver", stack: Library.errorStack())
    }
  }

  private static func image(_ file: UnsafePointer<H5FD_t>?) -> SparseImage? {
    guard let file = unsafe file else { return nil }
    return unsafe UnsafeRawPointer(file).assumingMemoryBound(to: File.self).pointee.image
      .takeUnretainedValue()
  }

  private static func open() -> UnsafeMutablePointer<H5FD_t>? {
    guard let image = unsafe nextImage else { return nil }
    unsafe nextImage = nil
    let file = UnsafeMutablePointer<File>.allocate(capacity: 1)
    unsafe file.initialize(to: File(image: Unmanaged.passRetained(image)))
    return unsafe UnsafeMutableRawPointer(file).assumingMemoryBound(to: H5FD_t.self)
  }

  private static func close(_ base: UnsafeMutablePointer<H5FD_t>?) -> herr_t {
    guard let base = unsafe base else { return -1 }
    let file = unsafe UnsafeMutableRawPointer(base).assumingMemoryBound(to: File.self)
    unsafe file.pointee.image.release()
    unsafe file.deinitialize(count: 1)
    unsafe file.deallocate()
    return 0
  }

  private static func setEnd(_ file: UnsafeMutablePointer<H5FD_t>?, _ address: haddr_t) -> herr_t {
    guard let image = unsafe image(file), let end = Int(exactly: address) else { return -1 }
    image.allocatedEnd = end
    return 0
  }

  private static func read(
    _ file: UnsafeMutablePointer<H5FD_t>?, _ address: haddr_t, _ size: Int, _ buffer: UnsafeMutableRawPointer?
  ) -> herr_t {
    guard let image = unsafe image(file), let offset = Int(exactly: address) else { return -1 }
    unsafe image.read(UnsafeMutableRawBufferPointer(start: buffer, count: size), at: offset)
    return 0
  }

  private static func write(
    _ file: UnsafeMutablePointer<H5FD_t>?, _ address: haddr_t, _ size: Int, _ buffer: UnsafeRawPointer?
  ) -> herr_t {
    guard let image = unsafe image(file), let offset = Int(exactly: address) else { return -1 }
    unsafe image.write(UnsafeRawBufferPointer(start: buffer, count: size), at: offset)
    return 0
  }
}
