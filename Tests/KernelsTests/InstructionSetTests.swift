import Kernels
import KernelsAVX2
import KernelsAVX512
import Testing

@Suite struct InstructionSetTests {
  @Test func baselineIsAlwaysThere() {
    #expect(InstructionSet.baseline.isSupported)
    #expect(widestKernels().name == "baseline")
  }

  @Test func widestSupportedIsChosen() {
    // A processor with AVX-512 has AVX2.
    #expect(!InstructionSet.avx512.isSupported || InstructionSet.avx2.isSupported)
    #expect(
      widestKernels(avx2: makeAVX2Kernels, avx512: makeAVX512Kernels).name
        == InstructionSet.allCases.last { $0.isSupported }?.rawValue)
  }
}
