/// The resampling of one axis by weighted sums: of an array [outer, input, inner] it makes [outer, output, inner].
///
/// Each output index has a list of input indices with weights, which sum to 1.
public struct Interpolation: Hashable, Sendable {
  /// The function of distance that gives the weights.
  public enum Kernel: Hashable, Sendable {
    /// The triangle 1 - |x|.
    case linear
    /// The piecewise cubic by Keys, "Cubic convolution interpolation for digital image processing" (1981).
    case cubic(coefficient: Double)

    /// Beyond this distance weights are 0.
    var support: Double {
      switch self {
      case .linear: 1
      case .cubic: 2
      }
    }

    func weight(_ distance: Double) -> Double {
      let x = abs(distance)
      switch self {
      case .linear: return max(0, 1 - x)
      case .cubic(let a):
        if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        return 0
      }
    }
  }

  /// The product of the extents before the axis.
  public let outer: Int
  /// The extent of the axis in the input.
  public let input: Int
  /// The extent of the axis in the output.
  public let output: Int
  /// The product of the extents behind the axis.
  public let inner: Int
  /// The terms of output index i are those from `starts[i]` up to `starts[i + 1]`.
  public private(set) var starts: [Int] = [0]
  /// The input index of each term.
  public private(set) var sources: [Int] = []
  /// The factor of each term.
  public private(set) var weights: [Double] = []

  /// - Parameters:
  ///   - scale: output over input, as the graph states it; nil for the ratio of the extents
  ///   - excludesOutside: whether indices outside of the input get no weight; otherwise the nearest one gets it
  ///   - antialias: whether the kernel is widened by 1 / scale where the axis shrinks
  public init(
    _ kernel: Kernel, _ coordinates: Resampling.Coordinates, outer: Int, input: Int, output: Int, inner: Int,
    scale: Float? = nil, excludesOutside: Bool = false, antialias: Bool = false
  ) {
    precondition(input > 0)
    self.outer = outer
    self.input = input
    self.output = output
    self.inner = inner
    let scale = scale.map(Double.init) ?? Double(output) / Double(input)
    let narrowing = antialias ? min(scale, 1) : 1
    let reach = kernel.support / narrowing
    let margin = reach + 1
    starts.reserveCapacity(output + 1)
    for index in 0..<output {
      let exact = Resampling.place(index, coordinates, Double(input), Double(output), scale)
      // Farther outside every neighbour is the edge.
      let position = min(max(exact, -margin), Double(input) + margin)
      let first = Int((position - reach).rounded(.up))
      let last = max(first, Int((position + reach).rounded(.down)))
      var total = 0.0
      for neighbour in first...last {
        let isOutside = neighbour < 0 || neighbour >= input
        let weight = kernel.weight((Double(neighbour) - position) * narrowing)
        if weight == 0 || (excludesOutside && isOutside) { continue }
        total += weight
        append(min(max(neighbour, 0), input - 1), weight)
      }
      if total == 0 {
        append(min(max(Int(position.rounded()), 0), input - 1), 1)
        total = 1
      }
      for term in starts[index]..<sources.count { weights[term] /= total }
      starts.append(sources.count)
    }
  }

  /// Adds a term to the index at the end; terms of one source are one.
  private mutating func append(_ source: Int, _ weight: Double) {
    if sources.count > starts[starts.count - 1], sources[sources.count - 1] == source {
      weights[weights.count - 1] += weight
    } else {
      sources.append(source)
      weights.append(weight)
    }
  }
}
