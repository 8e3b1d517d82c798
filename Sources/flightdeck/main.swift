import ArgumentParser
import Glibc

// A supervisor of one agent is this program too; it must start before anything heavy is touched.
// The mode is `flightdeck __supervise RUNFOLDER`.

await Flightdeck.start(Array(CommandLine.arguments.dropFirst()))
