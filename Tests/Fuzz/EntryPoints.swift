import FoundationEssentials

// What libFuzzer calls; it brings the `main` of this program.

/// Fails at once where no target is named, or one that does not exist.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
  _ = FuzzTarget.current
  return 0
}

/// Reads an input as the target's files are read. Whatever is wrong ends the program, which libFuzzer sees.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzTarget.current.check(unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// Changes an input by what is known of its structure, so that the change gets past checksums and lengths.
@_cdecl("LLVMFuzzerCustomMutator")
func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
  let input = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
  var mutator = Mutator(seed: seed, limit: limit)
  let result = mutator.changed(input, as: FuzzTarget.current).prefix(limit)
  for (index, byte) in result.enumerated() { unsafe bytes[index] = byte }
  return result.count
}

/// libFuzzer's own change, of bytes that mean nothing.
@_silgen_name("LLVMFuzzerMutate")
private func changeInPlace(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

/// Bytes as libFuzzer changes them, at most `limit`.
func plainlyChanged(_ bytes: [UInt8], limit: Int) -> [UInt8] {
  let capacity = max(bytes.count, limit, 1)
  var buffer = bytes + [UInt8](repeating: 0, count: capacity - bytes.count)
  let count = unsafe buffer.withUnsafeMutableBufferPointer {
    unsafe changeInPlace($0.baseAddress!, bytes.count, capacity)
  }
  return Array(buffer.prefix(count))
}
