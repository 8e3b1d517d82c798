import ArgumentParser
import FoundationEssentials
import RunModel
import RuntimeAdapters

struct ProfilesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profiles", abstract: "List, show and check profiles: how command-line agents' output is read.",
    discussion:
      "A user's own lie beside the configuration file, in profiles/*.yaml; `profile: NAME` of a local runtime takes one.",
    subcommands: [List.self, Show.self, Check.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the profiles: those built in and your own.")

    @OptionGroup var output: JSONOption
    @OptionGroup var settings: ConfigurationOption
    @OptionGroup var store: StoreOption

    func run() async throws {
      let shelf = try shelf(settings, store)
      let files = shelf.files
      let own = files.map(ProfileShelf.name)
      var profiles: [(name: String, from: String, profile: AgentProfile?)] = []
      for name in ProfileShelf.builtin where !own.contains(name) {
        profiles.append((name, "built in", try shelf.profile(name)))
      }
      // One that cannot be read is listed all the same: check says what is wrong with it.
      for path in files {
        let name = ProfileShelf.name(of: path)
        profiles.append((name, path, try? shelf.profile(name)))
      }
      if output.json {
        return Console.print(
          .array(
            profiles.map {
              [
                "name": .string($0.name), "from": .string($0.from), "ok": .bool($0.profile != nil),
                "description": .string($0.profile?.summary ?? ""),
                "command": .array(($0.profile?.command ?? []).map { .string($0) }),
              ]
            }) as JSONValue)
      }
      var table = Table([
        .init(title: "PROFILE"), .init(title: "DESCRIPTION", shrinksTo: 12), .init(title: "FROM", shrinksTo: 12),
      ])
      for entry in profiles {
        let summary = entry.profile.map(\.summary) ?? "(broken: flightdeck profiles check \(entry.from))"
        table.add([.init(entry.name), .init(Plain.line(summary)), .init(entry.from)])
      }
      let surroundings = Surroundings.present
      Console.print(table.text(width: surroundings.columns, colour: surroundings.wantsColour))
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a profile as YAML, to begin one of your own with.")

    @Argument(help: "Its name in the list.")
    var profile: String
    @OptionGroup var output: JSONOption
    @OptionGroup var settings: ConfigurationOption
    @OptionGroup var store: StoreOption

    func run() async throws {
      let (text, path) = try shelf(settings, store).text(profile)
      if output.json {
        return Console.print(
          ["name": .string(profile), "from": .string(path ?? "built in"), "source": .string(text)] as JSONValue)
      }
      Console.write(lines: text)
    }
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check profile files and folders of them; name what is wrong; exit 1 if anything is.")

    @OptionGroup var files: FilesArgument
    @OptionGroup var output: JSONOption

    func run() async throws {
      try FileCheck.run(files.path, json: output.json) { path in
        var isFolder = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        return isThere && isFolder ? ThemeShelf.files(in: path) : [path]
      } issues: {
        ProfileFile.read($0, name: ProfileShelf.name(of: $1)).issues.map(\.description)
      }
    }
  }
}

private func shelf(_ settings: ConfigurationOption, _ store: StoreOption) throws -> ProfileShelf {
  let paths = try Paths(
    environment: ProcessInfo.processInfo.environment, state: store.state, configuration: settings.config)
  return ProfileShelf(folder: paths.profiles)
}
