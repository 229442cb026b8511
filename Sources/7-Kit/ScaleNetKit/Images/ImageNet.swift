/// The 1,000 classes of ILSVRC 2012, which networks for ImageNet tell apart.
public enum ImageNet {
  /// The names in the order of the classes: `tench`, `goldfish`, ... Sources: those of torchvision's weights.
  public static let names = nameList.split(separator: ";").map { name in
    String(name.drop { $0 == " " })
  }

  /// The folders that training and validation images of each class stand in: `n01440764` and so on, ascending.
  public static let wordNetIDs = wordNetNumberList.split(separator: " ").map { "n" + $0 }

  /// The class of each number of the development kit's ground truth; the numbers begin with 1, so that the class of
  /// number `n` is at `n - 1`. Source: the kit's `map_clsloc.txt`.
  static let developmentKitClasses = developmentKitClassList.split(separator: " ").compactMap { Int($0) }

  /// The class that a folder of this name holds; nil if it is none of WordNet's.
  static func classIndex(wordNetID: String) -> Int? { indices[wordNetID] }

  private static let indices = Dictionary(
    uniqueKeysWithValues: wordNetIDs.enumerated().map { ($0.element, $0.offset) })
}
