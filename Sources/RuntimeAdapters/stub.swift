// RuntimeAdapters
