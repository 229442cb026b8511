public import Kernels

/// The tiled kernels for AVX-512. Only for a processor that `InstructionSet.avx512` supports.
public func makeAVX512Kernels() -> any KernelSet<Float> {
  TiledKernels(name: InstructionSet.avx512.rawValue)
}
