public import Kernels

/// The tiled kernels for AVX2 and FMA. Only for a processor that `InstructionSet.avx2` supports.
public func makeAVX2Kernels() -> any KernelSet<Float> {
  TiledKernels(name: InstructionSet.avx2.rawValue)
}
