import CProcessor

/// The instruction sets that the tiled kernels are compiled for.
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
}

/// Makes a kernel set. Called only on a processor that supports it, so that none of its code runs elsewhere.
public typealias KernelFactory = () -> any KernelSet<Float>

/// The widest kernels that this processor supports, of those that the program links besides the baseline.
public func widestKernels(avx2: KernelFactory? = nil, avx512: KernelFactory? = nil) -> any KernelSet<Float> {
  if let avx512, InstructionSet.avx512.isSupported { return avx512() }
  if let avx2, InstructionSet.avx2.isSupported { return avx2() }
  return baselineKernels()
}

/// The tiled kernels for every processor of the architecture.
public func baselineKernels() -> any KernelSet<Float> {
  TiledKernels(name: InstructionSet.baseline.rawValue)
}
