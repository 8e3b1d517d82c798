import RuntimeAdapters

if CommandLine.arguments.dropFirst().first == superviseArgument, let folder = CommandLine.arguments.dropFirst(2).first {
  superviseMain(runFolder: folder)
}
print("flightdeck")
