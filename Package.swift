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

/// Targets that were measured to be as fast when they are compiled for size: `make build` sets SCALENET_SMALL, and has that
/// done. A package that others depend on by version can have no such settings, so they are not there without it.
let small: Set<String> = [
  "Architectures", "Classification", "Deployment", "HDF5", "Inspection", "KerasFormat", "ONNXFormat",
  "Profiling", "RecordingFormat", "Reports", "ScaleNetCLI", "ScaleNetKit",
]

func settings(for target: String) -> [SwiftSetting] {
  let isSmall = small.contains(target) && Context.environment["SCALENET_SMALL"] != nil
  return settings + (isSmall ? [.unsafeFlags(["-Osize"], .when(configuration: .release))] : [])
}

/// The floors of the house, from the ground up: a target uses only targets of floors below its own, and of its own
/// floor those that stand above it in the table of CONTRIBUTING.md. `.ci/imports` compares the two.
enum Floor: String {
  case libraries = "1-Libraries"
  case files = "2-Files"
  case model = "3-Model"
  case engine = "4-Engine"
  case formats = "5-Formats"
  case study = "6-Study"
  case kit = "7-Kit"
  case command = "8-Command"

  func path(_ target: String) -> String { "Sources/\(rawValue)/\(target)" }

  func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: path(name), swiftSettings: settings(for: name))
  }
}

/// A library that the system has.
func system(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(
    name: name, path: Floor.libraries.path(name), pkgConfig: pkgConfig, providers: [.apt([package])])
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
    system("CHDF5", pkgConfig: "hdf5", package: "libhdf5-dev"),
    system("CProtobufC", pkgConfig: "libprotobuf-c", package: "libprotobuf-c-dev"),
    system("CDeflate", pkgConfig: "libdeflate", package: "libdeflate-dev"),
    system("COpenSSL", pkgConfig: "libcrypto", package: "libssl-dev"),
    .systemLibrary(name: "CProcessor", path: Floor.libraries.path("CProcessor")),
    .systemLibrary(name: "CFileSystem", path: Floor.libraries.path("CFileSystem")),
    system("CJPEG", pkgConfig: "libjpeg", package: "libjpeg-dev"),
    system("CPNG", pkgConfig: "libpng", package: "libpng-dev"),
    .target(name: "CImageCodec", dependencies: ["CJPEG", "CPNG"], path: Floor.libraries.path("CImageCodec")),
    .target(name: "COnnx", dependencies: ["CProtobufC"], path: Floor.libraries.path("COnnx")),

    // Files and text.
    Floor.files.library("FileIO", ["CFileSystem"]),
    Floor.files.library("JSONText", ["FileIO"]),
    Floor.files.library("Images", ["FileIO", "CImageCodec", "CDeflate"]),
    Floor.files.library("ZipArchive", ["FileIO", "CDeflate"]),

    // The model.
    Floor.model.library("ModelIR", ["FileIO"]),
    Floor.model.library("Architectures", ["FileIO", "JSONText", "ModelIR"]),

    // Its arithmetic.
    .target(name: "CKernels", path: Floor.engine.path("CKernels")),
    Floor.engine.library("Kernels", ["CKernels", "CProcessor", "FileIO"]),
    Floor.engine.library("Execution", ["FileIO", "ModelIR", "Kernels"]),

    // Formats, and the container that only one of them has.
    Floor.formats.library("PyTorchFormat", ["FileIO", "JSONText", "ModelIR", "ZipArchive"]),
    Floor.formats.library("SafetensorsFormat", ["FileIO", "JSONText", "ModelIR"]),
    Floor.formats.library("NumPyFormat", ["FileIO", "ModelIR", "ZipArchive"]),
    Floor.formats.library("RecordingFormat", ["FileIO", "JSONText", "ModelIR", "NumPyFormat"]),
    Floor.formats.library("ONNXFormat", ["Execution", "FileIO", "ModelIR", "COnnx", "CProtobufC"]),
    Floor.formats.library("HDF5", ["FileIO", "ModelIR", "CHDF5", "CDeflate"]),
    Floor.formats.library("KerasFormat", ["FileIO", "JSONText", "ModelIR", "HDF5", "ZipArchive"]),

    // What inspect and diff compute, and how it is told.
    Floor.study.library("Inspection", ["Architectures", "FileIO", "ModelIR"]),
    Floor.study.library("Classification", ["FileIO"]),
    Floor.study.library("Comparison", ["Execution", "FileIO", "Kernels", "ModelIR"]),
    Floor.study.library("Deployment", ["FileIO", "ModelIR"]),
    Floor.study.library("Profiling", ["FileIO", "Inspection", "ModelIR", "RecordingFormat"]),
    Floor.study.library(
      "Reports",
      [
        "Architectures", "Classification", "Comparison", "Deployment", "FileIO", "Images", "Inspection",
        "ModelIR", "Profiling",
      ]),

    // What a program imports.
    Floor.kit.library(
      "ScaleNetKit",
      [
        "FileIO", "Images", "JSONText", "ModelIR", "Kernels", "Execution", "Architectures", "Classification",
        "Inspection", "Comparison", "Deployment", "Profiling", "Reports", "PyTorchFormat", "NumPyFormat",
        "ONNXFormat", "RecordingFormat", "SafetensorsFormat", "KerasFormat", "ZipArchive", "COpenSSL",
      ]),

    // The command.
    .executableTarget(
      name: "ScaleNetCLI",
      dependencies: [
        "ScaleNetKit", "Architectures", "Comparison", "FileIO", "Images", "Kernels", "ModelIR",
        "Reports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: Floor.command.path("ScaleNetCLI"),
      swiftSettings: settings(for: "ScaleNetCLI")),

    // Tests. libzip is another's opinion of the archives that are written; without a name for pkg-config, nobody who builds
    // the command alone is told to install it.
    .systemLibrary(name: "CZip", path: "Tests/CZip"),
    .target(
      name: "TestSupport", dependencies: ["FileIO", "ModelIR"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests(
      "InspectionTests", ["Architectures", "FileIO", "Inspection", "ModelIR", "ONNXFormat"]),
    tests(
      "ComparisonTests",
      [
        "Architectures", "Comparison", "Execution", "FileIO", "Kernels", "ModelIR", "NumPyFormat",
        "ONNXFormat",
        "PyTorchFormat",
      ]),
    tests("ArchitecturesTests", ["Architectures", "Execution", "FileIO", "Kernels", "ModelIR"]),
    tests(
      "ExecutionTests",
      ["Execution", "Architectures", "FileIO", "Kernels", "ModelIR", "NumPyFormat", "PyTorchFormat"]),
    tests("ClassificationTests", ["Classification", "FileIO"]),
    tests("CommandTests", ["FileIO", "ModelIR", "NumPyFormat", "ScaleNetCLI", "ScaleNetKit"]),
    tests("FileIOTests", ["FileIO"]),
    tests("HDF5Tests", ["FileIO", "HDF5", "ModelIR"]),
    tests("ImagesTests", ["FileIO", "Images"]),
    tests("JSONTextTests", ["FileIO", "JSONText"]),
    tests(
      "KerasFormatTests",
      [
        "Architectures", "Execution", "FileIO", "HDF5", "KerasFormat", "Kernels", "ModelIR",
        "NumPyFormat", "ONNXFormat", "PyTorchFormat",
      ]),
    tests("KernelsTests", ["Kernels"]),
    tests("ModelIRTests", ["FileIO", "ModelIR"]),
    tests("NumPyFormatTests", ["FileIO", "ModelIR", "NumPyFormat"]),
    tests("PyTorchFormatTests", ["FileIO", "ModelIR", "PyTorchFormat", "ZipArchive"]),
    tests("RecordingFormatTests", ["FileIO", "ModelIR", "NumPyFormat", "RecordingFormat"]),
    tests(
      "RoundTripTests",
      [
        "Architectures", "Comparison", "Execution", "FileIO", "Kernels", "ModelIR",
        "NumPyFormat", "ONNXFormat", "PyTorchFormat", "ScaleNetKit",
      ]),
    tests("ScaleNetKitTests", ["ScaleNetKit"]),
    tests(
      "ReportsTests",
      ["Architectures", "Comparison", "FileIO", "Inspection", "ModelIR", "ONNXFormat", "Reports"]),
    tests("SafetensorsFormatTests", ["FileIO", "ModelIR", "PyTorchFormat", "SafetensorsFormat"]),
    tests("ZipArchiveTests", ["CZip", "FileIO", "ZipArchive"]),
    tests("ONNXFormatTests", ["FileIO", "ModelIR", "ONNXFormat"]),
  ],
  swiftLanguageModes: [.v6]
)

// The fuzz targets exist only where they are asked for (`make fuzz`): libFuzzer brings a `main` of its own, and all that
// is read is compiled with counters of its branches.
if Context.environment["SCALENET_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "Architectures", "Execution", "FileIO", "HDF5", "Images", "JSONText", "KerasFormat", "Kernels",
        "ModelIR", "NumPyFormat",
        "ONNXFormat",
        "PyTorchFormat", "RecordingFormat", "SafetensorsFormat", "ZipArchive",
      ],
      path: "Tests/Fuzz",
      swiftSettings: settings))
}
