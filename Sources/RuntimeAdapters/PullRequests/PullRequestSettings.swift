/// How pull requests are opened for a runtime's runs.
package struct PullRequestSettings: Sendable, Hashable {
  /// The remote that is pushed to.
  package var remote: String
  package var isDraft: Bool
  /// How long a program may take to say whether somebody is logged in.
  package var statusLimit = Duration.seconds(5)

  package init(remote: String = "origin", isDraft: Bool = false) {
    self.remote = remote
    self.isDraft = isDraft
  }
}
