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
        let calls = Counter.counters(count)
        let workers = Counter.counters(threads)
        pool.parallelFor(count) { index, worker in
          calls[index].total.add(1, ordering: .relaxed)
          workers[worker].total.add(1, ordering: .relaxed)
        }
        #expect(calls.map(\.count) == [Int](repeating: 1, count: count))
        #expect(workers.map(\.count).reduce(0, +) == count)
      }
    }
  }

  @Test func rangesCoverEverything() {
    for threads in [1, 4] {
      let pool = ThreadPool(count: threads)
      for (count, least) in [(0, 1), (1, 10), (10, 3), (1000, 1), (7, 0)] {
        let seen = Counter.counters(count)
        pool.parallelRanges(count, least: least) { range, _ in
          for index in range { seen[index].total.add(1, ordering: .relaxed) }
        }
        #expect(seen.map(\.count) == [Int](repeating: 1, count: count))
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
    #expect(counter.count == 8000)
  }
}

/// The thread sanitizer knows atomic numbers, and takes what a `Mutex` protects for unprotected.
private final class Counter: Sendable {
  let total = Atomic<Int>(0)

  var count: Int { total.load(ordering: .relaxed) }

  static func counters(_ count: Int) -> [Counter] { (0..<count).map { _ in Counter() } }
}
