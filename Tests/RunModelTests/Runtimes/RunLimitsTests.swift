import RunModel
import Testing

@Suite("Limits of a run as they are written")
struct RunLimitsTests {
  @Test(
    "A size needs its unit, thousands or 1024s",
    arguments: [
      ("256MB", 256_000_000), ("4 GB", 4_000_000_000), ("1.5GiB", 3 << 29), ("10kb", 10_000), ("2TiB", 2 << 40),
      ("1KiB", 1024), ("5", nil), ("GB", nil), ("-1GB", nil), ("0MB", nil), ("1e30TB", nil), ("nanGB", nil),
      ("5 apples", nil),
    ] as [(String, Int64?)])
  func bytes(_ text: String, _ bytes: Int64?) {
    #expect(RunLimits.bytes(text) == bytes)
  }

  @Test(
    "A time needs its units",
    arguments: [
      ("90s", 90_000), ("30m", 1_800_000), ("30 min", 1_800_000), ("1h30m", 5_400_000), ("2h", 7_200_000),
      ("1d", 86_400_000), ("1.5s", 1500), ("250ms", 250), ("90", nil), ("h", nil), ("1w", nil), ("-2h", nil),
      ("0s", nil), ("", nil), ("1h30", nil),
    ] as [(String, Int64?)])
  func time(_ text: String, _ milliseconds: Int64?) {
    #expect(RunLimits.time(text) == milliseconds.map { .milliseconds($0) })
  }

  @Test("Sizes and times are told in the unit in which they are short")
  func words() {
    #expect(RunLimits.words(bytes: 4_000_000_000) == "4 GB")
    #expect(RunLimits.words(bytes: 4 << 30) == "4 GiB")
    #expect(RunLimits.words(bytes: 256 << 20) == "256 MiB")
    #expect(RunLimits.words(bytes: 5_123_456_789) == "5.1 GB")
    #expect(RunLimits.words(bytes: 176_104_448) == "176.1 MB")
    #expect(RunLimits.words(bytes: 999) == "999 B")
    #expect(RunLimits.words(.seconds(90)) == "90 s")
    #expect(RunLimits.words(.seconds(5400)) == "1 h 30 min")
    #expect(RunLimits.words(.milliseconds(1500)) == "1500 ms")
  }

  @Test("They come back from their JSON; what is not limited is not there")
  func json() throws {
    let limits = RunLimits(time: .seconds(3), output: 4, processes: 5, memory: 6, disk: 7, addressSpace: 8)
    #expect(RunLimits(json: try JSONValue(parsing: limits.jsonBytes)) == limits)
    #expect(RunLimits().isEmpty && !limits.isEmpty)
    #expect(RunLimits().jsonBytes == Array("{}".utf8))
    let holding = LimitHolding("memory", "4 GB", "watched")
    #expect(LimitHolding(json: try JSONValue(parsing: holding.jsonBytes)) == holding)
    #expect(holding.text == "memory 4 GB: watched")
    #expect(LimitHolding("cancel", nil, "sweeps").text == "cancel: sweeps")
  }

  @Test("A proof says what a cancel took")
  func proof() throws {
    var proof = CancelProof(confirmedAt: Timestamp(milliseconds: 1), processes: 7, killed: 2)
    #expect(proof.words == "7 processes, 2 killed")
    proof.strays = 3
    proof.how = .cgroup
    proof.milliseconds = 310
    #expect(proof.words == "7 processes (3 strays), 2 killed with the control group, in 310 ms")
    #expect(CancelProof(json: try JSONValue(parsing: proof.jsonBytes)) == proof)
    var gentle = CancelProof(processes: 1)
    gentle.how = .term
    gentle.strays = 1
    #expect(gentle.words == "1 process (1 stray), ended by the stop signal")
  }
}
