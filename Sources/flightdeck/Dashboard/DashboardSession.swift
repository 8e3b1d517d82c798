import DashboardUI
import FoundationEssentials
import RunClient
import RunModel
import Synchronization

/// What the dashboard is about now: one orchestrator, or one recording. Ended as a whole, so that nothing of it is left when
/// the dashboard turns to another.
final class DashboardSession: Sendable {
  /// The name in the header.
  let place: String
  let inbox = EventInbox()
  let errands: any ErrandDoer
  /// Nil for a recording.
  let client: RunClient?
  let player: ReplayPlayer?
  /// Whether what it is about lies on this machine.
  var isHere: Bool { client?.isHere ?? true }
  private let begins: @Sendable (EventInbox) -> Task<Void, Never>?
  private let ends: @Sendable () async -> Void
  private let commands: AsyncStream<Replay.Command>.Continuation?
  private let reading = Mutex<Task<Void, Never>?>(nil)

  /// An orchestrator, followed from the first moment on.
  ///
  /// `revival`: for one that this dashboard had started.
  init(
    live client: RunClient, place: String, memory: PreferencesFile, templates: String, revival: Revival? = nil
  ) {
    self.place = place
    self.client = client
    player = nil
    commands = nil
    errands = Errands(client: client, memory: memory, templates: templates)
    begins = { inbox in
      let feed = LiveFeed(client) { inbox.isOpen($0) }
      return Task { await Self.read(feed, of: client, into: inbox, revival) }  // canceled by `end`
    }
    ends = { await client.shutdown() }
  }

  init(replay: Replay, place: String, memory: PreferencesFile, at: Replay.Command? = nil) {
    self.place = place
    client = nil
    let player = ReplayPlayer(replay, inbox: inbox)
    self.player = player
    errands = ReplayErrands(player: player, memory: memory)
    let (wishes, commands) = AsyncStream<Replay.Command>.makeStream()
    self.commands = commands
    begins = { _ in
      // One after the other, as they were given; ended by `end`.
      Task {
        await player.take(at)
        for await wish in wishes { await player.take(wish) }
      }
    }
    ends = { await player.end() }
  }

  func begin() { reading.withLock { $0 = begins(inbox) } }

  /// For the player of a recording.
  func command(_ command: Replay.Command) { commands?.yield(command) }

  /// It goes on, but nothing of it is shown any more.
  func rest() { inbox.close() }

  /// Returns when nothing of it goes on.
  func end() async {
    inbox.close()
    reading.withLock { $0?.cancel() }
    await ends()
  }

  @concurrent private static func read(
    _ feed: LiveFeed, of client: RunClient, into inbox: EventInbox, _ revival: Revival?
  ) async {
    await feed.run { item in
      await inbox.put(item)
      guard case .link(let link) = item else { return }
      switch link {
      case .live:
        await revival?.live()
        if client.isHere { return }
        // A token may do less than everything; without word of that, trying tells.
        if let role = try? await client.health().role { await inbox.put(message: .role(role)) }
      case .lost(let since, _): await Self.revive(revival, client, since, inbox)
      case .connecting, .refused: break
      }
    }
  }

  private static func revive(
    _ revival: Revival?, _ client: RunClient, _ since: Timestamp, _ inbox: EventInbox
  ) async {
    guard let revival else { return }
    // Only one that has gone: what hangs still holds its store.
    do { _ = try await client.health() } catch is NoOrchestrator {
      await revival.lost(since: since) { word in
        switch word {
        case .starting: await inbox.put(message: .link(.starting(since: since)))
        case .failed(let problem): await inbox.put(message: .failed(problem, .here))
        }
      }
    } catch { return }
  }
}

/// All that the dashboard can turn to.
struct Destinations: Sendable {
  struct Entry: Sendable {
    var name: String
    var address: ServerAddress
    /// What the configuration says of it.
    var settings: OrchestratorConfiguration?
  }

  let entries: [Entry]
  let tls: TLSSettings
  let paths: Paths
  let memory: PreferencesFile
  /// For this user's own orchestrator, if this dashboard had started it: whenever one turns to it again.
  var revival: Revival?

  /// This user's own first, then those of the configuration; `address`, where one starts, is among them in any case.
  init(_ configuration: Configuration, _ paths: Paths, _ memory: PreferencesFile, from address: ServerAddress?) {
    var entries = [Entry(name: "local", address: paths.address)]
    entries += configuration.orchestrators.map { Entry(name: $0.name, address: $0.address, settings: $0) }
    if let address, !entries.contains(where: { $0.address == address }) {
      entries.append(Entry(name: "\(address)", address: address))
    }
    self.entries = entries
    tls = configuration.tls
    self.paths = paths
    self.memory = memory
  }

  var sights: [OrchestratorSight] { entries.map { OrchestratorSight(name: $0.name, address: "\($0.address)") } }

  func name(of address: ServerAddress) -> String {
    entries.first { $0.address == address }?.name ?? "\(address)"
  }

  /// By name, or by address.
  func entry(_ wanted: String) throws(Problem) -> Entry {
    if let known = entries.first(where: { $0.name == wanted }) { return known }
    do throws(Problem) {
      let address = try ServerAddress(wanted)
      return entries.first { $0.address == address } ?? Entry(name: "\(address)", address: address)
    } catch {
      let hint = Nearest.hint(for: wanted, among: entries.map(\.name))
      throw Problem(.notFound, "There is no orchestrator \"\(wanted)\".\(hint) An address begins with unix: or http.")
    }
  }

  func client(_ entry: Entry) throws -> RunClient {
    let environment = ProcessInfo.processInfo.environment
    let token = try Link.token(for: entry.address, Link.TokenPlace(entry.settings, paths, environment))
    return RunClient(
      entry.address, token: token, tls: try Link.tls(for: entry.address, tls, entry.settings, environment))
  }

  func session(_ wanted: String) throws -> DashboardSession {
    let entry = try entry(wanted)
    return DashboardSession(
      live: try client(entry), place: entry.name, memory: memory, templates: paths.templates,
      revival: entry.address == paths.address ? revival : nil)
  }

  /// How one of them is, asked of itself.
  func look(at entry: Entry) async -> OrchestratorSight {
    var sight = OrchestratorSight(name: entry.name, address: "\(entry.address)")
    do {
      let client = try client(entry)
      do {
        let page = try await client.runs(RunQuery(statuses: [.running], limit: 1000))
        sight.link = .answers
        sight.running = page.runs.count
        sight.attention = page.runs.count { $0.needsAttention }
      } catch { sight.link = .silent(error is NoOrchestrator ? "nobody answers" : "\(error)") }
      await client.shutdown()
    } catch { sight.link = .silent("\(error)") }
    return sight
  }
}
