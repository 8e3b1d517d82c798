/// The API's description, served at `/openapi.json`; tests hold the routes and real responses to it.
enum OpenAPI {
  /// OpenAPI 3.1 as JSON; `version` is the program's.
  static func document(version: String) -> String {
    """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "Flightdeck",
        "version": \(quoted(version)),
        "summary": "Dispatch coding-agent runs, watch them live, cancel them, and browse what they changed.",
        "description": "Served on a Unix socket for the user who started the orchestrator, and on loopback TCP for whoever holds its token. Every error is a problem document (RFC 9457)."
      },
      "servers": [{"url": "/"}],
      "security": [{}, {"token": []}],
      "paths": \(paths),
      "components": {
        "securitySchemes": {
          "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Over TCP alone: the content of the file token in the orchestrator's state folder."
          }
        },
        "parameters": \(parameters),
        "responses": \(responses),
        "schemas": \(schemas)
      }
    }
    """
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
  }
}
