import ArgumentParser
import DashboardUI
import FoundationEssentials
import RunModel
import TerminalKit

/// The key table, with the person's own keys in it.
struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "List the dashboard's keys, with the action names that the configuration uses.",
    discussion: "In config.yaml: keys: {cancel: [x, ctrl-k], help: f1}")

  @OptionGroup var output: JSONOption
  @OptionGroup var settings: ConfigurationOption
  @OptionGroup var store: StoreOption

  func run() async throws {
    let paths = try Paths(
      environment: ProcessInfo.processInfo.environment, state: store.state, configuration: settings.config)
    let keys = try ConfigurationFile.load(paths).keys
    let map = try KeyMap(overrides: keys.mapValues { $0.joined(separator: " ") })
    if output.json {
      return Console.print(
        .array(
          map.bindings.map { binding in
            [
              "context": .string(binding.context.rawValue), "action": .string(binding.action.rawValue),
              "keys": .array(binding.keys.map { .string($0.name) }), "help": .string(binding.help),
            ]
          }) as JSONValue)
    }
    var table = Table([
      .init(title: "WHERE"), .init(title: "ACTION"), .init(title: "KEYS"), .init(title: "WHAT", shrinksTo: 12),
    ])
    for binding in map.bindings {
      table.add([
        .init(binding.context.title), .init(binding.action.rawValue),
        .init(binding.keys.map(\.name).joined(separator: " ")), .init(binding.help),
      ])
    }
    let surroundings = Surroundings.present
    Console.print(table.text(width: surroundings.columns, colour: surroundings.wantsColour))
  }
}
