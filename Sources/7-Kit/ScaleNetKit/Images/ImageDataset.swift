import FileIO
import JSONText

/// Images and what they show.
struct ImageDataset: Sendable {
  /// The last component of the folder's path.
  let name: String
  /// Where the truth comes from.
  let groundTruth: String
  let folder: String
  /// Paths within the folder, and the classes of each; none for one that the ground truth leaves without.
  private(set) var images: [(path: String, classes: [Int])] = []
  /// Names of classes by their index, where folders name them.
  private(set) var classNames: [Int: String] = [:]
  private(set) var notes: [String] = []

  /// - Parameters:
  ///   - labels: the network's names of its classes, if it has some.
  ///   - classCount: how many classes it has.
  init(
    _ folder: String, options: EvaluationOptions, labels: [String]?, classCount: Int
  ) throws(ScaleNetError) {
    self.folder = folder
    name = folder.split(separator: "/").last.map(String.init) ?? folder
    groundTruth =
      options.groundTruth.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? "folders"
    guard ImageFiles.isDirectory(folder) else {
      throw FileIdentity.of(path: folder) == nil
        ? .notFound(path: folder) : .notARegularDirectory(path: folder)
    }
    if let path = options.groundTruth {
      if options.classMap != nil {
        throw .invalidOption("classMap", expected: "a folder for each class", found: "a file of ground truth")
      }
      let files = try ImageFiles.under(folder)
      guard !files.isEmpty else { throw .noImages(folder, "images") }
      let truth = try GroundTruth(path, numbers: options.numbers, labels: labels, classCount: classCount)
      (images, notes) = try truth.classes(of: files, folder: folder)
    } else {
      if options.numbers != nil {
        throw .invalidOption("numbers", expected: "a file of ground truth", found: "folders")
      }
      try readFolders(options.classMap, labels: labels, classCount: classCount)
    }
  }

  /// A folder for each class, as torchvision's `ImageFolder` has it.
  private mutating func readFolders(
    _ classMap: String?, labels: [String]?, classCount: Int
  ) throws(ScaleNetError) {
    let folders = try ImageFiles.names(folder).filter { ImageFiles.isDirectory("\(folder)/\($0)") }
    guard !folders.isEmpty else {
      throw .noImages(folder, "a folder for each class; a folder of images takes a file of ground truth")
    }
    let indices = try Self.indices(
      folders, classMap, labels: labels, classCount: classCount, folder: folder)
    var empty: [String] = []
    for (name, index) in zip(folders, indices) {
      let found = try ImageFiles.under("\(folder)/\(name)")
      if found.isEmpty { empty.append(name) }
      images += found.map { ("\(name)/\($0)", [index]) }
      classNames[index] = labels?[index] ?? name
    }
    guard !images.isEmpty else { throw .noImages(folder, "images in the folders of classes") }
    if !empty.isEmpty {
      notes.append(
        "\(empty.count) of \(folders.count) folders hold no images, such as \(empty[0].escapedForMessage)")
    }
  }

  /// The class of each folder.
  private static func indices(
    _ folders: [String], _ classMap: String?, labels: [String]?, classCount: Int, folder: String
  ) throws(ScaleNetError) -> [Int] {
    func looked(up names: [String], _ source: String) throws(ScaleNetError) -> [Int] {
      var table: [String: Int] = [:]
      for (index, name) in names.enumerated() {
        guard table.updateValue(index, forKey: name) == nil else {
          throw .unknownFormat(
            path: source, expected: "names that differ", found: name.escapedForMessage + " twice")
        }
      }
      var indices: [Int] = []
      for name in folders {
        guard let index = table[name], index < classCount else {
          throw .unknownFormat(
            path: folder, expected: "folders that \(source.escapedForMessage) has for \(classCount) classes",
            found: name.escapedForMessage)
        }
        indices.append(index)
      }
      return indices
    }
    if let classMap { return try looked(up: try SmallFile.lines(classMap), classMap) }
    let synsets = folders.compactMap { ImageNet.classIndex(wordNetID: $0) }
    if synsets.count == folders.count, classCount == ImageNet.names.count { return synsets }
    if let labels, Set(labels).count == labels.count, Set(folders).isSubset(of: labels) {
      return try looked(up: labels, "the network")
    }
    guard folders.count == classCount else {
      throw .unknownFormat(
        path: folder,
        expected: "\(classCount) folders, one for each class, or a class map that says which is which",
        found: "\(folders.count)")
    }
    return Array(folders.indices)
  }

  /// SHA-256 of names and classes.
  func digest() throws(ScaleNetError) -> String {
    var text: [UInt8] = []
    for image in images {
      text += Array(image.path.utf8)
      text += Array("\t\(image.classes.map(String.init).joined(separator: ","))\n".utf8)
    }
    return try sha256(of: ByteRegion.copying(text))
  }

  /// The place of an image.
  func path(_ index: Int) -> String {
    folder.hasSuffix("/") ? folder + images[index].path : "\(folder)/\(images[index].path)"
  }
}

extension ScaleNetError {
  /// A folder without what is looked for.
  static func noImages(_ folder: String, _ expected: String) -> ScaleNetError {
    ScaleNetError(path: folder, expected: expected, found: "none")
  }

  /// A path that is no directory.
  static func notARegularDirectory(path: String) -> ScaleNetError {
    ScaleNetError(.noInput, path: path, expected: "a folder of images", found: "a file")
  }
}
