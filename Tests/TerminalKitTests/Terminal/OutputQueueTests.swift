import Testing

@testable import TerminalKit

@Suite struct OutputQueueTests {
  @Test("A terminal that takes nothing is sent a bounded number of sequences later, whole ones, and one bell of many")
  func controls() {
    var queue = OutputQueue()
    let sequence = [UInt8](repeating: 0x61, count: 1000)
    for _ in 0..<10_000 { queue.append(control: sequence) }
    for _ in 0..<10_000 { queue.append(control: [0x07]) }
    #expect(queue.controls.count <= OutputQueue.mostControls)
    #expect(queue.controls.count % 1000 == 1)
    #expect(queue.dropped == 10_000 - queue.controls.count / 1000)
    #expect(queue.takeControls().last == 0x07)
    queue.append(control: sequence)
    #expect(queue.controls == sequence)
  }
}
