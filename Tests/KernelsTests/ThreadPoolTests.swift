import Kernels
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 5])
  func callsEachIndexOnce(threads: Int) {
    let pool = ThreadPool(count: threads)
    #expect(pool.count == threads)
    for count in [0, 1, 2, 3, 100] {
      // Many loops in a row: late workers must not take part in the next one.
      for _ in 0..<50 {
        let calls = Mutex([Int](repeating: 0, count: count))
        let workers = Mutex(Set<Int>())
        pool.parallelFor(count) { index, worker in
          calls.withLock { $0[index] += 1 }
          workers.withLock { _ = $0.insert(worker) }
        }
        #expect(calls.withLock { $0 } == [Int](repeating: 1, count: count))
        #expect(workers.withLock { $0 }.allSatisfy { (0..<threads).contains($0) })
      }
    }
  }

  @Test func rangesCoverEverything() {
    for threads in [1, 4] {
      let pool = ThreadPool(count: threads)
      for (count, least) in [(0, 1), (1, 10), (10, 3), (1000, 1), (7, 0)] {
        let seen = Mutex([Int](repeating: 0, count: count))
        pool.parallelRanges(count, least: least) { range, _ in
          seen.withLock { for index in range { $0[index] += 1 } }
        }
        #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
      }
    }
  }

  @Test func callersTakeTurns() async {
    let pool = ThreadPool(count: 3)
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<100 { pool.parallelFor(10) { _, _ in counter.total.add(1, ordering: .relaxed) } }
        }
      }
    }
    #expect(counter.total.load(ordering: .relaxed) == 8000)
  }
}

private final class Counter: Sendable {
  let total = Atomic<Int>(0)
}
