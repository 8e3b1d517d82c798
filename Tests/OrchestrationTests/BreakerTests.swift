import Orchestration
import RunModel
import Testing

@Suite("A runtime's breaker")
struct BreakerTests {
  private let pace = Breaker.Pace(first: .seconds(5), longest: .seconds(40))

  private func opened(at now: Duration = .zero) -> Breaker {
    var breaker = Breaker(pace: pace)
    for _ in 0..<Breaker.mostFailures { breaker.startFailed("no such program", at: now) }
    return breaker
  }

  @Test("Three starts that fail in a row open it, and it says why and when it is tried again")
  func opens() {
    var breaker = Breaker(pace: pace)
    breaker.startFailed("no such program", at: .seconds(1))
    breaker.startFailed("no such program", at: .seconds(2))
    #expect(breaker.phase == .closed && breaker.admits && breaker.reason == nil)
    breaker.startFailed("no such program", at: .seconds(3))
    #expect(breaker.phase == .open(until: .seconds(8)) && !breaker.admits)
    #expect(breaker.reason == "its breaker is open after 3 failed starts: no such program")
    let wall = Timestamp(milliseconds: 1_000_000)
    let standing = breaker.standing(at: .seconds(4), wall)
    #expect(standing == BreakerStanding(.open, failures: 3, retryAt: wall + .seconds(4)))
    #expect(standing.retryWords(at: wall) == "tried again in 4 s")
    #expect(standing.retryWords(at: wall + .seconds(5)) == "tried again now")
  }

  @Test("A start that succeeds between them begins the count anew")
  func countsInARow() {
    var breaker = Breaker(pace: pace)
    for _ in 0..<10 {
      breaker.startFailed("x", at: .zero)
      breaker.startFailed("x", at: .zero)
      breaker.startSucceeded()
    }
    #expect(breaker.phase == .closed)
  }

  @Test("When it is due, one run is tried: its success closes it, its failure opens it for twice as long")
  func halfOpens() {
    var breaker = opened()
    #expect(!breaker.isDue(at: .seconds(4)) && breaker.isDue(at: .seconds(5)))
    breaker.checkPassed(at: .seconds(5))
    #expect(breaker.phase == .halfOpen(isTaken: false) && breaker.admits)
    breaker.startBegan()
    #expect(!breaker.admits)
    breaker.startFailed("again", at: .seconds(6))
    #expect(breaker.phase == .open(until: .seconds(16)) && breaker.reason?.contains("4 failed starts: again") == true)
    breaker.checkPassed(at: .seconds(16))
    breaker.startBegan()
    breaker.startSucceeded()
    #expect(breaker == Breaker(pace: pace))
  }

  @Test("A trial whose contract is at fault frees the place for another")
  func refusedTrial() {
    var breaker = opened()
    breaker.checkPassed(at: .seconds(5))
    breaker.startBegan()
    breaker.startRefused()
    #expect(breaker.phase == .halfOpen(isTaken: false))
  }

  @Test("One failed check opens it, and one that passes closes it at once")
  func checks() {
    var breaker = Breaker(pace: pace)
    breaker.checkFailed("not logged in", at: .zero)
    #expect(breaker.reason == "not logged in" && breaker.isDue(at: .seconds(5)))
    breaker.checkPassed(at: .seconds(1))
    #expect(breaker == Breaker(pace: pace))
  }

  @Test("It stays open twice as long each time, up to a bound, and a check before it is due puts nothing off")
  func backsOff() {
    var breaker = Breaker(pace: pace)
    var now = Duration.zero
    var waits: [Duration] = []
    for _ in 0..<6 {
      breaker.checkFailed("down", at: now)
      guard case .open(let until) = breaker.phase else { break }
      waits.append(until - now)
      breaker.checkFailed("still down", at: until - .seconds(1))
      #expect(breaker.phase == .open(until: until) && breaker.reason == "still down")
      now = until
    }
    #expect(waits == [5, 10, 20, 40, 40, 40].map { .seconds($0) })
  }

  @Test("A start that began before it opened does not close it")
  func lateSuccess() {
    var breaker = Breaker(pace: pace)
    breaker.checkFailed("down", at: .zero)
    breaker.startSucceeded()
    #expect(!breaker.admits)
  }
}
