// swift-tools-version: 6.2

import PackageDescription

/// Settings of every Swift target: warnings are errors, and every use of unsafe memory is marked.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// The tiled kernels once more, for one wider instruction set. Only the executable links these targets: unsafe
/// flags in what a library product links would make the package unusable as a versioned dependency.
func wideKernels(_ name: String, march: String, define: String) -> Target {
  #if arch(x86_64)
    let flags: [SwiftSetting] = [
      .define("SCALENET_WIDE"), .define(define),
      .unsafeFlags(["-Xcc", "-march=\(march)"]),
    ]
  #else
    let flags: [SwiftSetting] = [.define("SCALENET_WIDE")]
  #endif
  return .target(name: name, dependencies: ["Kernels"], swiftSettings: settings + flags)
}

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

let package = Package(
  name: "scalenet",
  products: [
    .library(name: "ScaleNetKit", targets: ["ScaleNetKit"]),
    .executable(name: "scalenet", targets: ["ScaleNetCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // C libraries.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "COnnx", dependencies: ["CProtobufC"]),

    // The model and its arithmetic.
    library("FileIO"),
    library("JSONText"),
    library("ModelIR", ["FileIO"]),
    .systemLibrary(name: "CProcessor"),
    library("Kernels", ["CProcessor"]),
    wideKernels("KernelsAVX2", march: "x86-64-v3", define: "SCALENET_AVX2"),
    wideKernels("KernelsAVX512", march: "x86-64-v4", define: "SCALENET_AVX512"),
    library("Execution", ["FileIO", "ModelIR", "Kernels"]),
    library("Architectures", ["FileIO", "JSONText", "ModelIR"]),
    library("Analysis", ["Execution", "FileIO", "Kernels", "ModelIR"]),
    library("Reports", ["Analysis", "FileIO", "CCairo"]),

    // Formats.
    library("ZipArchive", ["FileIO", "CZip", "CDeflate"]),
    library("PyTorchFormat", ["FileIO", "ModelIR", "ZipArchive"]),
    library("SafetensorsFormat", ["FileIO", "JSONText", "ModelIR"]),
    library("NumPyFormat", ["FileIO", "ModelIR", "ZipArchive"]),
    library("RecordingFormat", ["FileIO", "JSONText", "ModelIR", "NumPyFormat"]),
    library("ONNXFormat", ["FileIO", "ModelIR", "COnnx", "CProtobufC"]),
    library("HDF5", ["FileIO", "ModelIR", "CHDF5", "CDeflate"]),
    library("KerasFormat", ["FileIO", "JSONText", "ModelIR", "HDF5", "ZipArchive"]),

    // What users touch.
    library(
      "ScaleNetKit",
      [
        "FileIO", "ModelIR", "Kernels", "Execution", "Architectures", "Analysis", "Reports", "PyTorchFormat",
        "NumPyFormat", "ONNXFormat", "RecordingFormat", "SafetensorsFormat", "KerasFormat", "COpenSSL",
      ]),
    .executableTarget(
      name: "ScaleNetCLI",
      dependencies: [
        "ScaleNetKit", "KernelsAVX2", "KernelsAVX512",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["ModelIR", "NumPyFormat"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests(
      "AnalysisTests",
      [
        "Analysis", "Architectures", "Execution", "FileIO", "Kernels", "ModelIR", "ONNXFormat",
        "PyTorchFormat",
      ]),
    tests("ArchitecturesTests", ["Architectures", "Execution", "Kernels", "ModelIR"]),
    tests(
      "ExecutionTests",
      ["Execution", "Architectures", "FileIO", "Kernels", "ModelIR", "NumPyFormat", "PyTorchFormat"]),
    tests("CommandTests", ["ScaleNetCLI", "ScaleNetKit"]),
    tests("FileIOTests", ["FileIO"]),
    tests("HDF5Tests", ["FileIO", "HDF5", "ModelIR"]),
    tests("JSONTextTests", ["JSONText"]),
    tests(
      "KerasFormatTests",
      [
        "Architectures", "Execution", "FileIO", "HDF5", "JSONText", "KerasFormat", "Kernels", "ModelIR",
        "NumPyFormat", "ONNXFormat", "PyTorchFormat", "ZipArchive",
      ]),
    tests("KernelsTests", ["Kernels", "KernelsAVX2", "KernelsAVX512"]),
    tests("ModelIRTests", ["FileIO", "ModelIR"]),
    tests("NumPyFormatTests", ["FileIO", "ModelIR", "NumPyFormat", "ZipArchive"]),
    tests("PyTorchFormatTests", ["FileIO", "ModelIR", "PyTorchFormat", "ZipArchive"]),
    tests("RecordingFormatTests", ["FileIO", "ModelIR", "NumPyFormat", "RecordingFormat"]),
    tests(
      "RoundTripTests",
      [
        "Architectures", "Execution", "FileIO", "Kernels", "KernelsAVX2", "KernelsAVX512", "ModelIR",
        "NumPyFormat",
        "ONNXFormat", "PyTorchFormat", "ScaleNetKit",
      ]),
    tests("ReportsTests", ["Analysis", "Architectures", "FileIO", "ModelIR", "ONNXFormat", "Reports"]),
    tests("SafetensorsFormatTests", ["FileIO", "ModelIR", "PyTorchFormat", "SafetensorsFormat"]),
    tests("ZipArchiveTests", ["CZip", "FileIO", "ZipArchive"]),
    tests("ONNXFormatTests", ["FileIO", "ModelIR", "ONNXFormat"]),
  ],
  swiftLanguageModes: [.v6]
)
