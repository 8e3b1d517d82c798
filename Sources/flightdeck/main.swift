import CProcess
import Glibc
import RuntimeAdapters
import TerminalKit

// A supervisor of one agent is this program too; it must start before anything heavy is touched.
let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == superviseArgument, let folder = arguments.dropFirst().first { superviseMain(runFolder: folder) }

cprocess_share_memory()
Terminal.prepareProcess()
await Flightdeck.start(arguments)
