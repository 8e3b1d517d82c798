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
        "description": "Served on a Unix socket for the user who started the orchestrator, and over TCP, with TLS beyond this machine, for whoever holds a token. Every error is a problem document (RFC 9457)."
      },
      "servers": [{"url": "/"}],
      "security": [{}, {"token": []}],
      "paths": \(pathsWithRefusals),
      "components": {
        "securitySchemes": {
          "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Over TCP alone. Roles: viewer, operator, approver, admin; each may do what those before it may, and each operation names the least that it takes. The first token, an admin's, is in the file token of the orchestrator's state folder."
          }
        },
        "parameters": \(parameters),
        "responses": \(responses),
        "schemas": \(schemas)
      }
    }
    """
  }

  /// Every operation may be refused; said once.
  private static var pathsWithRefusals: String {
    let problem = ##""default": {"$ref": "#/components/responses/problem"}"##
    let refusals = [("401", "unauthorized"), ("403", "forbidden"), ("429", "tooMany")]
      .map { ##""\##($0.0)": {"$ref": "#/components/responses/\##($0.1)"}"## }
    return paths.replacing(problem, with: (refusals + [problem]).joined(separator: ", "))
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
  }
}
