import Kernels
import Testing

@Suite struct InstructionSetTests {
  @Test func baselineIsAlwaysThere() {
    #expect(InstructionSet.baseline.isSupported)
    #expect(baselineKernels().name == "baseline")
  }

  @Test(arguments: InstructionSet.allCases)
  func kernelsExistWhereTheyRun(set: InstructionSet) {
    #expect((set.kernels != nil) == set.isSupported)
    #expect(set.kernels?.name ?? set.rawValue == set.rawValue)
  }

  @Test func widestSupportedIsChosen() throws {
    // A processor with AVX-512 has AVX2.
    #expect(!InstructionSet.avx512.isSupported || InstructionSet.avx2.isSupported)
    #expect(try kernelsForThisProcessor().name == InstructionSet.allCases.last { $0.isSupported }?.rawValue)
  }

  // Every test of fast kernels runs those that the processor has; here it is recorded which were there.

  @Test(.enabled(if: InstructionSet.avx2.isSupported, "this processor has no AVX2"))
  func avx2KernelsAreTested() {
    #expect(fastVariants.contains { $0.name == InstructionSet.avx2.rawValue })
  }

  @Test(.enabled(if: InstructionSet.avx512.isSupported, "this processor has no AVX-512"))
  func avx512KernelsAreTested() {
    #expect(fastVariants.contains { $0.name == InstructionSet.avx512.rawValue })
  }
}
