internal import FileIO
internal import Glibc
internal import Kernels
internal import ModelIR

// Safe: the memory is allocated with the number of elements that the plan counted, and freed with its owner; operands
// lie within it because the plan has laid them out.

/// A plan with the memory that it runs in.
@safe final class PlanMemory<Scalar: ExecutionScalar> {
  let plan: Plan<Scalar>
  /// The threads that share the work of a step.
  let pool: ThreadPool
  /// Values that are no floating-point tensors of known extents, once they are computed.
  var typed: [ValueID: TypedTensor] = [:]
  /// A pool without threads, for work that each thread does by itself.
  let alone = ThreadPool(count: 1)
  /// Where products of one size are computed whose B the graph computes: a room for each thread.
  private var rooms: [MatrixProduct: [ProductRoom<Scalar>]] = [:]
  /// What steps take that do not keep their weights.
  let passing = PassingMemory<Scalar>()
  private let arena: AlignedMemory<Scalar>
  private let constants: AlignedMemory<Scalar>

  init(_ made: Plan<Scalar>, _ pool: ThreadPool) {
    self.pool = pool
    var plan = made
    plan.constants = []
    self.plan = plan
    arena = AlignedMemory(count: plan.arenaCount + plan.workspaceCount)
    constants = AlignedMemory(count: made.constants.count)
    for index in made.constants.indices { unsafe constants.elements[index] = made.constants[index] }
  }

  /// The same plan with other threads: in the same memory, or in memory of its own that only shares the constants.
  init(_ other: PlanMemory, _ pool: ThreadPool, sharesMemory: Bool) {
    self.pool = pool
    plan = other.plan
    constants = other.constants
    arena = sharesMemory ? other.arena : AlignedMemory(count: plan.arenaCount + plan.workspaceCount)
  }

  /// The rooms for products of one size, in which no B is packed that a step could find by its address.
  func rooms(
    for geometry: MatrixProduct, _ make: () -> any PreparedMatrixProduct<Scalar>
  ) -> [ProductRoom<Scalar>] {
    if let known = rooms[geometry] {
      for room in known { unsafe room.packed = nil }
      return known
    }
    let made = (0..<pool.count).map { index in
      let product = make()
      // The first is also that of all threads together.
      return ProductRoom(
        product, AlignedMemory<Scalar>(count: product.workspaceCount(threads: index == 0 ? pool.count : 1)))
    }
    rooms[geometry] = made
    return made
  }

  var byteCount: Int { arena.count * MemoryLayout<Scalar>.size }

  var workspace: UnsafeMutablePointer<Scalar> { unsafe arena.elements + plan.arenaCount }

  /// The first element of an operand.
  func address(_ operand: Operand) -> UnsafeMutablePointer<Scalar> {
    unsafe (operand.isConstant ? constants.elements : arena.elements) + operand.offset
  }

  /// An operand as kernels take it.
  func map(_ operand: Operand) -> FeatureMap<Scalar> {
    unsafe FeatureMap(
      address(operand), batch: operand.images.batch, channels: operand.images.channels,
      extent: Extent(operand.images.height, operand.images.width), batchStride: operand.images.batchStride,
      lanes: operand.images.blocks?.lanes ?? 1)
  }
}

/// A product with the scratch memory that it runs in.
@safe final class ProductRoom<Scalar: ExecutionScalar> {
  private(set) var product: any PreparedMatrixProduct<Scalar>
  let workspace: AlignedMemory<Scalar>
  /// The B that is packed.
  var packed: UnsafePointer<Scalar>?

  init(_ product: any PreparedMatrixProduct<Scalar>, _ workspace: AlignedMemory<Scalar>) {
    self.product = product
    self.workspace = workspace
  }

  func pack(_ b: UnsafePointer<Scalar>) {
    guard unsafe b != packed else { return }
    product = unsafe product.repacked(b: b)
    unsafe packed = b
  }
}

/// Memory aligned to cache lines, not initialised, freed with its owner.
@safe final class AlignedMemory<Scalar: BitwiseCopyable> {
  let elements: UnsafeMutablePointer<Scalar>
  let count: Int

  init(count: Int) {
    self.count = count
    let bytes = unsafe LargeMemory.allocate(max(count, 1) * MemoryLayout<Scalar>.stride)
    unsafe elements = unsafe bytes.bindMemory(to: Scalar.self, capacity: max(count, 1))
  }

  deinit { unsafe free(elements) }
}
