import COnnx
import CProtobufC

// Safe: each block has room for what is put into it, and lives as long as the arena, longer than the messages that
// point to it are used; packing writes into an array of the size that the library has told.

/// Memory for the C structures of messages that are packed: everything is freed together.
@safe final class MessageArena {
  private var blocks: [UnsafeMutableRawPointer] = unsafe []

  deinit {
    while let block = unsafe blocks.popLast() { unsafe block.deallocate() }
  }

  /// A message with its fields unset.
  func make<Message>(
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void
  ) -> UnsafeMutablePointer<Message> {
    let message = UnsafeMutablePointer<Message>.allocate(capacity: 1)
    unsafe initialize(message)
    unsafe blocks.append(UnsafeMutableRawPointer(message))
    return unsafe message
  }

  /// A C string; the text holds no NUL.
  func string(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = text.utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { unsafe copy[index] = byte }
    unsafe blocks.append(UnsafeMutableRawPointer(copy))
    return unsafe copy
  }

  /// An array of numbers or structures.
  func array<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element>? {
    guard !elements.isEmpty else { return nil }
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
    for (index, element) in elements.enumerated() { unsafe (copy + index).initialize(to: element) }
    unsafe blocks.append(UnsafeMutableRawPointer(copy))
    return unsafe copy
  }

  /// An array of messages, made one after the other.
  func messages<Element, Message>(
    _ elements: [Element], _ make: (Element) -> UnsafeMutablePointer<Message>
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>? {
    guard !elements.isEmpty else { return nil }
    let copy = UnsafeMutablePointer<UnsafeMutablePointer<Message>?>.allocate(capacity: elements.count)
    for (index, element) in elements.enumerated() {
      unsafe (copy + index).initialize(to: make(element))
    }
    unsafe blocks.append(UnsafeMutableRawPointer(copy))
    return unsafe copy
  }

  /// An array of C strings.
  func strings(_ texts: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    unsafe messages(texts) { unsafe string($0) }
  }

  /// The bytes of a message on the wire.
  func pack<Message>(_ message: UnsafeMutablePointer<Message>) -> [UInt8] {
    // Every generated structure begins with a ProtobufCMessage.
    let base = unsafe UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    let size = unsafe protobuf_c_message_get_packed_size(base)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = size == 0 ? 0 : unsafe protobuf_c_message_pack(base, buffer.baseAddress)
    }
  }
}
