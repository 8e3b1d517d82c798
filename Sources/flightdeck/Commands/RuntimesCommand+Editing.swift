import ArgumentParser
import FoundationEssentials
import Glibc
import RunClient
import RunModel

extension RuntimesCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a runtime to the configuration; all else in the file stays as it is.",
      discussion: """
        flightdeck runtimes add mini -- mini --task '{prompt}' --yolo
        flightdeck runtimes add vibe --profile vibe
        flightdeck runtimes add other --command "my-agent --task {prompt}" --set maxParallelTasks=2
        flightdeck runtimes add keyed --set 'env.API_KEY={env: MY_KEY}' -- my-agent '{prompt}'

        A running orchestrator takes it over by itself. A secret is named, never written down: {env: NAME} or {file: PATH}.
        """)

    @Argument(help: "The name it gets: letters, digits, \".\", \"_\" and \"-\".")
    var id: String
    @Option(help: ArgumentHelp("\(RuntimeKind.names.joined(separator: ", ")).", valueName: "kind"))
    var kind = "local"
    @Option(help: ArgumentHelp("The program and its arguments, quoted as for a shell; or put them after --."))
    var command: String?
    @Option(help: "How its output is read, and its command where none is given: see flightdeck profiles list.")
    var profile: String?
    @Option(help: "The address of its server.")
    var url: String?
    @Option(help: ArgumentHelp("The file with its code.", valueName: "file"), completion: .file())
    var module: String?
    @Option(
      name: .customLong("set"),
      help: ArgumentHelp(
        "Another of its settings, NAME.KEY=VALUE for one within; may be repeated.", valueName: "key=value"))
    var settings: [String] = []
    @Flag(help: "Show what would be written and write nothing.")
    var dryRun = false
    @Argument(parsing: .postTerminator, help: "The program and its arguments.")
    var words: [String] = []
    @OptionGroup var output: JSONOption
    @OptionGroup var file: ConfigurationOption
    @OptionGroup var store: StoreOption

    func validate() throws {
      guard ConfigurationFile.isRuntimeID(id) else {
        throw ValidationError("The id must be 1 to 64 letters, digits, \".\", \"_\" or \"-\", not \"\(id)\".")
      }
      guard RuntimeKind.names.contains(kind) else {
        throw ValidationError(
          "Unknown kind \"\(kind)\".\(Nearest.hint(for: kind, among: RuntimeKind.names)) There are "
            + "\(RuntimeKind.names.joined(separator: ", ")).")
      }
      if command != nil, !words.isEmpty { throw ValidationError("Give the command once: by --command or after --.") }
      for setting in settings where !setting.contains("=") || setting.hasPrefix("=") {
        throw ValidationError("--set wants KEY=VALUE, not \"\(setting)\".")
      }
    }

    func run() async throws {
      let target = try ConfigurationTarget(file, store)
      let edit = try RuntimeEdit(path: target.path, text: try target.read() ?? "")
      let addition = try edit.adding(RuntimeID(id), try members())
      if !dryRun { try target.write(addition.text) }
      if output.json {
        return Console.print(
          [
            "runtimeId": .string(id), "file": .string(target.path), "written": .bool(!dryRun),
            "created": .bool(!target.exists), "entry": .string(addition.entry),
            "defaultsKept": .array(addition.defaults.map { .string($0.rawValue) }),
          ] as JSONValue)
      }
      Console.print(Plain.lines(addition.entry).joined(separator: "\n"))
      let what = target.exists ? "added to" : "written to the new file"
      Console.note(
        dryRun ? "Nothing was written: this would be \(what) \(target.path)." : "\(id) was \(what) \(target.path).")
      if !addition.defaults.isEmpty {
        let names = addition.defaults.map(\.rawValue).joined(separator: " and ")
        Console.note(
          "\(names), which there \(addition.defaults.count == 1 ? "is" : "are") without a configuration, \(dryRun ? "would be" : "were") written down beside it, so that nothing vanishes."
        )
      }
      if !dryRun { Console.note("See whether it works: flightdeck runtimes check \(id)") }
    }

    /// The entry, in the order in which a person would write it.
    private func members() throws -> [(key: String, value: String)] {
      var members: [(key: String, value: String)] = [("id", YAMLText.scalar(id)), ("kind", kind)]
      let program = try command.map(Self.split) ?? words
      if !program.isEmpty { members.append(("command", YAMLText.list(program))) }
      if let profile { members.append(("profile", YAMLText.scalar(profile))) }
      if let url { members.append(("url", YAMLText.scalar(url))) }
      if let module { members.append(("module", YAMLText.scalar(module))) }
      var within: [(String, [String])] = []
      for setting in settings {
        let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let value = YAMLText.setting(parts[1])
        let names = parts[0].split(separator: ".", maxSplits: 1).map(String.init)
        guard names.count == 2 else {
          members.append((parts[0], value))
          continue
        }
        let member = "\(YAMLText.scalar(names[1])): \(value)"
        if let place = within.firstIndex(where: { $0.0 == names[0] }) {
          within[place].1.append(member)
        } else {
          within.append((names[0], [member]))
        }
      }
      return members + within.map { (key: $0.0, value: "{\($0.1.joined(separator: ", "))}") }
    }

    /// Words as a shell splits them, quotes and backslashes included; nothing is expanded.
    static func split(_ text: String) throws -> [String] {
      var words: [String] = []
      var word: String?
      var quote: Character?
      var rest = text[...]
      while let character = rest.popFirst() {
        if character == quote {
          quote = nil
        } else if character == "\\", quote != "'" {
          guard let next = rest.popFirst() else { throw ValidationError("--command ends with a backslash.") }
          word = (word ?? "") + (quote != nil && next != "\"" && next != "\\" ? "\\\(next)" : String(next))
        } else if quote == nil, character == "'" || character == "\"" {
          quote = character
          word = word ?? ""
        } else if quote == nil, character.isWhitespace {
          if let whole = word { words.append(whole) }
          word = nil
        } else {
          word = (word ?? "") + String(character)
        }
      }
      guard quote == nil else { throw ValidationError("A quote in --command is not closed.") }
      if let whole = word { words.append(whole) }
      return words
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a runtime out of the configuration; runs that it has go on to their end.")

    @Argument(help: "Its id.")
    var id: String
    @Flag(help: "Also while runs of it are queued or running.")
    var yes = false
    @Flag(help: "Show what would be written and write nothing.")
    var dryRun = false
    @OptionGroup var output: JSONOption
    @OptionGroup var file: ConfigurationOption
    @OptionGroup var link: LinkOptions

    func run() async throws {
      let target = try ConfigurationTarget(file, link.store)
      let edit = try RuntimeEdit(path: target.path, text: try target.read() ?? "")
      let (text, isLast) = try edit.removing(RuntimeID(id))
      let (running, queued) = try await live()
      if running + queued > 0, !yes, !dryRun {
        let parts = [running > 0 ? "\(running) running" : nil, queued > 0 ? "\(queued) queued and pinned to it" : nil]
        throw Problem(
          .conflict,
          "\(id) has runs: \(parts.compactMap { $0 }.joined(separator: ", ")). Those that run would go on to their end, "
            + "pinned ones would wait until it is there again. To remove it all the same: --yes")
      }
      if !dryRun { try target.write(text) }
      if output.json {
        return Console.print(
          [
            "runtimeId": .string(id), "file": .string(target.path), "written": .bool(!dryRun),
            "running": .int(Int64(running)), "queued": .int(Int64(queued)), "wasLast": .bool(isLast),
          ] as JSONValue)
      }
      Console.print("\(id) \(dryRun ? "would be" : "was") taken out of \(target.path).")
      if running > 0 { Console.note("\(running) \(running == 1 ? "run of it goes" : "runs of it go") on to the end.") }
      if isLast {
        Console.note("It was the last: without any, there are simulated and local, as in the beginning.")
      }
    }

    /// Runs of it that have not ended, as far as an orchestrator is there to tell.
    private func live() async throws -> (running: Int, queued: Int) {
      do {
        return try await link.withClient { client in
          let runs = try await client.runs(RunQuery(statuses: [.queued, .running], limit: 10_000)).runs
          return (
            runs.count { $0.status == .running && $0.runtimeId?.rawValue == id },
            runs.count { $0.status == .queued && $0.pin?.rawValue == id }
          )
        }
      } catch is NoOrchestrator { return (0, 0) }
    }
  }
}

/// The file that is edited.
private struct ConfigurationTarget {
  let path: String
  let exists: Bool

  init(_ file: ConfigurationOption, _ store: StoreOption) throws {
    let paths = try Paths(
      environment: ProcessInfo.processInfo.environment, state: store.state, configuration: file.config)
    // A link stays a link: what it leads to is edited.
    var resolved = paths.configuration
    if let real = realpath(resolved, nil) {
      resolved = String(cString: real)
      free(real)
    }
    path = resolved
    exists = FileManager.default.fileExists(atPath: path)
  }

  /// Nil when there is none.
  func read() throws(Problem) -> String? {
    guard exists else { return nil }
    guard let text = String(validating: try WholeFile.read(path), as: UTF8.self) else {
      throw Problem(.invalid, "\(path) is not UTF-8. Mend it by hand.")
    }
    return text
  }

  /// Replaces the file in one step, mode and all, so that whoever reads it sees the old or the new.
  func write(_ text: String) throws(Problem) {
    let folder = Paths.parent(of: path)
    if !FileManager.default.fileExists(atPath: folder) { try PrivateFolder.make(folder) }
    var status = stat()
    let mode = stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0o600
    var template = Array("\(path).XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw failed() }
    let fresh = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      done += count
    }
    let isWhole = done == bytes.count && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0
    let cause = errno
    close(descriptor)
    guard isWhole, rename(fresh, path) == 0 else {
      if !isWhole { errno = cause }
      let problem = failed()
      unlink(fresh)
      throw problem
    }
  }

  private func failed() -> Problem {
    Problem(.unavailable, "Cannot write \(path): \(String(cString: strerror(errno))). It is as it was.")
  }
}
