// RunClient
