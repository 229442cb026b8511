import KernelsAVX2
import KernelsAVX512
import ScaleNetKit

/// The fastest kernels that this processor can run, of those that the program carries.
func kernelsForThisProcessor() -> any KernelSet<Float> {
  widestKernels(avx2: makeAVX2Kernels, avx512: makeAVX512Kernels)
}
