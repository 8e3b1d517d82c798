import NIOCore

/// Where one connection stands between its requests and their answers, and until when it may stand there.
struct ExchangeMachine {
  enum Expiry: Equatable {
    case close
    case refuse(Refusal)
  }

  private let limits: ConnectionLimits
  /// When the present wait began.
  private var since: NIODeadline
  private var hadRequest = false
  private var hasPartOfHead = false
  /// Requests whose answer has not ended.
  private var unanswered = 0
  private var isReadingBody = false
  private var bodyBytes = 0
  private var isStreaming = false
  private var stalledSince: NIODeadline?
  private var endingSince: NIODeadline?
  private(set) var refusal: Refusal?
  private var wasRefusedInBody = false

  init(_ limits: ConnectionLimits, now: NIODeadline) {
    self.limits = limits
    since = now
  }

  /// Whether a request waits for its answer: such a connection never makes room for another.
  var isBusy: Bool { unanswered > 0 }

  // MARK: - What comes in

  /// Bytes came, and no part of a request out of them.
  mutating func partCame(at now: NIODeadline) {
    guard !isReadingBody, !hasPartOfHead else { return }
    hasPartOfHead = true
    if unanswered == 0, hadRequest { since = now }
  }

  mutating func headCame(at now: NIODeadline) {
    hadRequest = true
    hasPartOfHead = false
    isReadingBody = true
    bodyBytes = 0
    unanswered += 1
    since = now
  }

  /// False when the body is longer than anybody would read.
  mutating func bodyCame(_ count: Int) -> Bool {
    bodyBytes += count
    return bodyBytes <= limits.longestBody
  }

  mutating func requestEnded(at now: NIODeadline) {
    isReadingBody = false
    since = now
  }

  // MARK: - What goes out

  /// `isStream`: its reader may take its time, as it costs nothing but a cursor.
  mutating func answerBegan(isStream: Bool) { isStreaming = isStream }

  mutating func answerEnded(at now: NIODeadline) {
    unanswered = max(0, unanswered - 1)
    isStreaming = false
    if !isReadingBody { since = now }
  }

  mutating func writabilityChanged(to isWritable: Bool, at now: NIODeadline) {
    stalledSince = isWritable ? nil : now
  }

  /// Nothing more will be sent.
  mutating func outputClosed(at now: NIODeadline) { endingSince = endingSince ?? now }

  // MARK: - Refusing

  /// False when it has been refused before: the first reason stands.
  mutating func refuse(_ refusal: Refusal, at now: NIODeadline) -> Bool {
    guard self.refusal == nil else { return false }
    self.refusal = refusal
    wasRefusedInBody = isReadingBody
    since = now
    return true
  }

  /// Whether the refusal may be said: not when the request that it is about has its answer already.
  var mayAnswerRefusal: Bool { refusal != nil && (!wasRefusedInBody || unanswered > 0) }

  // MARK: - Time

  var deadline: NIODeadline? {
    if let endingSince { return endingSince + TimeAmount(limits.linger) }
    // Answers that are under way go first, then the refusal.
    if refusal != nil { return since + TimeAmount(max(limits.grace, limits.head)) }
    let stalled = stalledSince.flatMap { isStreaming ? nil : $0 + TimeAmount(limits.grace) }
    guard let wait else { return stalled }
    return min(wait, stalled ?? wait)
  }

  private var wait: NIODeadline? {
    if isReadingBody {
      return since + TimeAmount(limits.grace) + .milliseconds(Int64(bodyBytes) * 1000 / Int64(max(1, limits.slowest)))
    }
    if unanswered > 0 { return nil }
    if !hadRequest { return since + TimeAmount(limits.firstHead) }
    return since + TimeAmount(hasPartOfHead ? limits.head : limits.idle)
  }

  /// What to do about a deadline that has passed; nil when none has.
  func expiry(at now: NIODeadline) -> Expiry? {
    guard let deadline, deadline <= now else { return nil }
    if endingSince != nil || refusal != nil { return .close }
    guard let wait, wait <= now else { return .close }
    if isReadingBody { return .refuse(.bodyTooSlow) }
    return hasPartOfHead ? .refuse(.headTooSlow) : .close
  }
}
