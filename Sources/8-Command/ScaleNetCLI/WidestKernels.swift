import Kernels
import KernelsAVX2
import KernelsAVX512
import ScaleNetKit

/// Makes the fastest kernels that this processor can run, of those that the program carries, the ones to use.
func useWidestKernels() {
  FastKernels.use(widestKernels(avx2: makeAVX2Kernels, avx512: makeAVX512Kernels))
}
