internal import CKernels
internal import CProcessor
public import FileIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// Safe: tables are constants of the C code, and the text of the environment is copied.

/// The instruction sets that the fast kernels are compiled for.
public enum InstructionSet: String, Hashable, Sendable, CaseIterable {
  /// What every processor of the architecture has.
  case baseline
  /// x86-64-v3: AVX2 and FMA.
  case avx2 = "AVX2"
  /// x86-64-v4: AVX-512.
  case avx512 = "AVX-512"

  /// Whether this processor, and its operating system, can run it.
  public var isSupported: Bool {
    switch self {
    case .baseline: true
    case .avx2: processor_has_x86_64_v3() != 0
    case .avx512: processor_has_x86_64_v4() != 0
    }
  }

  /// The fast kernels for it; nil where `isSupported` is false.
  public var kernels: (any BlockedKernelSet<Float>)? {
    guard isSupported else { return nil }
    switch self {
    case .baseline: return unsafe kernels_baseline().map { unsafe TableKernels($0) }
    case .avx2: return unsafe kernels_avx2().map { unsafe TableKernels($0) }
    case .avx512: return unsafe kernels_avx512().map { unsafe TableKernels($0) }
    }
  }
}

/// The kernels that the environment's `SCALENET_KERNELS` names: `reference`, `baseline`, `avx2` or `avx512`; without it
/// the widest that this processor can run.
///
/// - Throws: if it names none, or some that this processor can't run.
public func kernelsForThisProcessor() throws(ScaleNetError) -> any KernelSet<Float> {
  let variable = "SCALENET_KERNELS"
  guard let value = unsafe getenv(variable) else {
    return InstructionSet.allCases.reversed().lazy.compactMap(\.kernels).first ?? baselineKernels()
  }
  let name = unsafe String(cString: value)
  let set: InstructionSet
  switch name {
  case "reference": return ReferenceKernels<Float>()
  case "baseline": set = .baseline
  case "avx2": set = .avx2
  case "avx512": set = .avx512
  default:
    throw ScaleNetError(
      .invalidOption, place: variable, expected: "reference, baseline, avx2 or avx512",
      found: "\"\(name.escapedForMessage)\"")
  }
  guard let kernels = set.kernels else {
    throw ScaleNetError(
      .invalidOption, place: variable, expected: "kernels that this processor can run", found: name)
  }
  return kernels
}

/// The fast kernels that every processor of the architecture runs.
public func baselineKernels() -> any KernelSet<Float> {
  unsafe TableKernels(kernels_baseline()!)
}
