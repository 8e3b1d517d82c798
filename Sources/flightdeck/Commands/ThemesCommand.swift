import ArgumentParser
import DashboardUI
import FoundationEssentials
import RunModel
import TerminalKit

struct ThemesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "themes", abstract: "List, show and check themes.",
    discussion:
      "A user's own lie beside the configuration file, in themes/*.yaml: base16 or base24 schemes as they are.",
    subcommands: [List.self, Show.self, Check.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the themes: those built in and your own.")

    @OptionGroup var output: JSONOption
    @OptionGroup var settings: ConfigurationOption
    @OptionGroup var store: StoreOption

    func run() async throws {
      let shelf = try OwnThemes(settings, store)
      var themes = ThemeLibrary.builtin.map { ($0.slug, $0.name, $0.isDark, "built in") }
      for path in try shelf.files {
        let slug = ThemeShelf.slug(of: path)
        // One that cannot be read is listed all the same: check says what is wrong with it.
        let read = try? ThemeLibrary.parse(String(decoding: WholeFile.read(path), as: UTF8.self), slug: slug)
        themes.removeAll { $0.0 == slug }
        themes.append((slug, read?.name ?? "(broken)", read?.isDark ?? true, path))
      }
      if output.json {
        return Console.print(
          .array(
            themes.map {
              [
                "slug": .string($0.0), "name": .string($0.1), "variant": $0.2 ? "dark" : "light", "from": .string($0.3),
              ]
            }) as JSONValue)
      }
      var table = Table([
        .init(title: "THEME"), .init(title: "NAME", shrinksTo: 12), .init(title: "VARIANT"),
        .init(title: "FROM", shrinksTo: 12),
      ])
      for theme in themes {
        table.add([.init(theme.0), .init(theme.1), .init(theme.2 ? "dark" : "light"), .init(theme.3)])
      }
      let surroundings = Surroundings.present
      Console.print(table.text(width: surroundings.columns, colour: surroundings.wantsColour))
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a theme as swatches with their contrast; as YAML in a pipe, to begin one of your own with.")

    @Flag(help: "As YAML on a terminal too.")
    var yaml = false
    @Flag(help: "As swatches in a pipe too.")
    var swatches = false

    @Argument(help: "Its name in the list.")
    var theme: String
    @OptionGroup var output: JSONOption
    @OptionGroup var settings: ConfigurationOption
    @OptionGroup var store: StoreOption

    func run() async throws {
      let shelf = try OwnThemes(settings, store)
      let files = try shelf.files
      let text: String
      if let path = files.first(where: { ThemeShelf.slug(of: $0) == theme }) {
        text = String(decoding: try WholeFile.read(path), as: UTF8.self)
      } else if let source = ThemeLibrary.source(theme) {
        text = source
      } else {
        let known = files.map(ThemeShelf.slug) + ThemeLibrary.slugs
        throw Problem(
          .notFound,
          "There is no theme \"\(theme)\".\(Nearest.hint(for: theme, among: known)) See: flightdeck themes list")
      }
      if output.json {
        let read = try ThemeLibrary.parse(text, slug: theme)
        Console.print(
          [
            "slug": .string(theme), "name": .string(read.name), "variant": read.isDark ? "dark" : "light",
            "source": .string(text),
            "contrast": .array(
              read.legibility.map {
                [
                  "role": .string($0.roleName), "on": .string($0.ground.name), "ratio": .double($0.ratio),
                  "needed": .double($0.needed),
                ]
              }),
          ] as JSONValue)
      } else if swatches || !yaml && Surroundings.present.outputIsTerminal {
        let surroundings = Surroundings.present
        let read = try ThemeLibrary.parse(text, slug: theme)
        var renderer = ANSIRenderer(
          depth: surroundings.outputIsTerminal && !surroundings.wantsColour
            ? .none : ColorDepth.fromEnvironment(surroundings.variable), isUTF8: surroundings.isUTF8)
        Console.print(renderer.render(drawThemeSheet(read)))
      } else {
        Console.write(lines: text)
      }
    }
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check theme files and folders of them; name what is wrong; exit 1 if anything is.")

    @OptionGroup var files: FilesArgument
    @OptionGroup var output: JSONOption

    func run() async throws {
      try FileCheck.run(files.path, json: output.json, files: OwnThemes.files(at:)) { text, _ in
        ThemeLibrary.check(text).map(\.description)
      }
    }
  }
}

/// The user's own themes.
private struct OwnThemes {
  private let folder: String

  init(_ settings: ConfigurationOption, _ store: StoreOption) throws {
    folder = try Paths(
      environment: ProcessInfo.processInfo.environment, state: store.state, configuration: settings.config
    ).themes
  }

  /// Sorted; none without the folder.
  var files: [String] {
    get throws { FileManager.default.fileExists(atPath: folder) ? try Self.files(at: folder) : [] }
  }

  /// The file itself, or the YAML files in the folder.
  static func files(at path: String) throws -> [String] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else { return [path] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted().map { "\(path)/\($0)" }
    } catch { throw Problem(.invalid, "Cannot read the folder \(path): \(error).") }
  }
}
