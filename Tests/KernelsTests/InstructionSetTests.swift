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
}
