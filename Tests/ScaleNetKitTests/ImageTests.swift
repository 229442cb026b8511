import Foundation
import ScaleNetKit
import TestSupport
import Testing

/// What is said of images, by options, files and models.
@Suite struct ImageTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test("Values of --preprocess")
  func values() throws {
    let said = try ImagePreprocessing(
      parsing: "mean=0.1,0.2,0.3,std=0.5,scale=1/127.5,crop_pct=0.9,interpolation=bicubic,crop_mode=squash")
    #expect(said.mean == [0.1, 0.2, 0.3])
    #expect(said.standardDeviation == [0.5])
    #expect(said.divisor == 127.5)
    #expect(said.cropPercentage == 0.9)
    #expect(said.interpolation == .bicubic)
    #expect(said.cropMode == .squash)
    #expect(try ImagePreprocessing(parsing: "imagenet") == .imageNet)
    for (text, words) in [
      ("mean=1,2", "3 channels"), ("mean=a", "mean="), ("std=0", "above 0"), ("scale=0", "above 0"),
      ("scale=1/0", "above 0"), ("size=3", "size=3"), ("mean=1,mean=2", "once"), ("crop_pct=-1", "0.01"),
      ("interpolation=cubic", "lanczos"), ("nowhere.json", "no such file"), ("mean=inf", "mean="),
    ] {
      #expect(message { _ = try ImagePreprocessing(parsing: text) }.contains(words), "\(text)")
    }
  }

  @Test("Files of timm and of Transformers")
  func files() throws {
    try withTemporaryDirectory { folder in
      func read(_ text: String) throws -> ImagePreprocessing {
        let path = "\(folder)/config.json"
        try Data(text.utf8).write(to: URL(filePath: path))
        return try ImagePreprocessing(file: path)
      }
      let timm = try read(
        """
        {"architecture": "x", "pretrained_cfg": {"input_size": [3, 240, 256], "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25], "interpolation": "bicubic", "crop_pct": 0.95, "crop_mode": "border", "other": {}}}
        """)
      #expect(timm.crop == InputSize(height: 240, width: 256))
      #expect((timm.mean, timm.divisor) == ([0.5, 0.5, 0.5], 255))
      #expect((timm.cropPercentage, timm.cropMode, timm.interpolation) == (0.95, .border, .bicubic))
      let theirs = try read(
        """
        {"do_normalize": true, "image_mean": [0.1, 0.2, 0.3], "image_std": [1, 1, 1], "resample": 3,
        "rescale_factor": 0.00392156862745098, "do_rescale": true, "do_resize": true, "size": {"shortest_edge": 256},
        "do_center_crop": true, "crop_size": {"height": 224, "width": 224}}
        """)
      #expect((theirs.resize, theirs.crop, theirs.divisor) == (256, InputSize(height: 224, width: 224), 255))
      #expect((theirs.mean, theirs.interpolation) == ([0.1, 0.2, 0.3], .bicubic))
      let silent = try read(
        "{\"mean\": 0.5, \"crop_pct\": null, \"size\": null, \"resample\": null, \"interpolation\": null}")
      #expect(silent.mean == [0.5])
      #expect(silent.cropPercentage == nil)
      #expect(silent.interpolation == nil)
      for (text, words) in [
        ("{\"a\": 1}", "none of them"), ("{\"mean\": \"x\"}", "mean"), ("{\"mean\": [1, 2]}", "3 channels"),
        ("{\"interpolation\": \"best\"}", "lanczos"), ("{\"resample\": 9}", "0 to 5"), ("[", "end"),
        ("{\"mean\": 1, \"mean\": 1}", "differ"), ("{\"std\": 0}", "above 0"),
      ] {
        #expect(message { _ = try read(text) }.contains(words), "\(text)")
      }
    }
  }

  @Test("Names of classes")
  func labels() throws {
    #expect(ImageNet.names.count == 1000)
    #expect(Set(ImageNet.names).count == 1000)
    #expect((ImageNet.names[0], ImageNet.names[999]) == ("tench", "toilet tissue"))
    #expect(ImageNet.wordNetIDs.count == 1000)
    #expect(ImageNet.wordNetIDs == ImageNet.wordNetIDs.sorted())
    #expect(ImageNet.wordNetIDs[278] == "n02119789")
    try withTemporaryDirectory { folder in
      func read(_ text: String) throws -> [String] {
        let path = "\(folder)/labels"
        try Data(text.utf8).write(to: URL(filePath: path))
        return try Labels.read(path)
      }
      for text in [
        "a\nb c\nd\n", "a\r\nb c\r\nd", "[\"a\", \"b c\", \"d\"]",
        "{\"2\": \"d\", \"0\": \"a\", \"1\": \"b c\"}",
        "{\"0\": [\"n1\", \"a\"], \"1\": [\"n2\", \"b c\"], \"2\": [\"n3\", \"d\"]}",
        "{\"id2label\": {\"0\": \"a\", \"1\": \"b c\", \"2\": \"d\"}, \"x\": 1}",
      ] {
        let names = try read(text)
        #expect(names == ["a", "b c", "d"], "\(text)")
      }
      for (text, words) in [
        ("", "none"), ("a\n\nb", "class 1"), ("{\"0\": \"a\", \"2\": \"b\"}", "0 to 1"), ("[1]", "names"),
        ("{\"0\": 3}", "a name"),
      ] {
        #expect(message { _ = try read(text) }.contains(words), "\(text)")
      }
    }
  }

  @Test("A classifier in memory says what the session computes")
  func classifier() throws {
    let model = try Model.open(Fixtures.path("tiny/tiny.pth"))
    var options = ImageOptions()
    options.labels = (0..<10).map { "class \($0)" }
    let classifier = try model.imageClassifier(options)
    let bytes = try ByteRegion.map(path: Fixtures.path("images/444.jpg"))
    let image = try Image(decoding: bytes)
    let answers = try classifier.classify(image, top: 10)
    #expect(answers.count == 10)
    #expect(abs(answers.reduce(0) { $0 + $1.probability } - 1) < 1e-12)
    let prepared = try Preprocessing.torchvision().apply(to: image)
    let tensor = Tensor(prepared.tensorElements(), shape: [1, 3, 224, 224])
    let logits = try #require(try model.run(["input": tensor])["output"]).floats()
    #expect(answers.map(\.index) == logits.indices.sorted { logits[$0] > logits[$1] })
    #expect(answers[0].label == "class \(answers[0].index)")
    options.labels = ["one"]
    #expect(message { _ = try model.imageClassifier(options) }.contains("10 names"))
    let features = message {
      var options = ImageOptions()
      options.graph.features = true
      _ = try model.imageClassifier(options)
    }
    #expect(features.contains("one output [N, classes]"))
  }
}
