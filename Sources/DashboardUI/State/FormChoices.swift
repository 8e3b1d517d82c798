package import RunModel

/// A repository and a base in it, as the form has them.
package struct RepositoryQuestion: Sendable, Equatable {
  package var path: String
  /// Empty: HEAD.
  package var base: String

  package init(path: String, base: String) {
    self.path = path
    self.base = base
  }
}

/// What is known of a repository on this machine.
package struct RepositoryFacts: Sendable, Equatable {
  package var question: RepositoryQuestion
  /// The absolute path, for what was written in another way.
  package var path: String
  /// Why it cannot be used, and which member is to blame.
  package var problem: Problem?
  /// The branch that is checked out.
  package var branch: String?
  /// Branches and tags, the latest first; as many as are of use.
  package var refs: [String]
  /// Files with changes that are in no commit.
  package var uncommittedFiles: Int

  package init(
    question: RepositoryQuestion, path: String? = nil, problem: Problem? = nil, branch: String? = nil,
    refs: [String] = [],
    uncommittedFiles: Int = 0
  ) {
    self.question = question
    self.path = path ?? question.path
    self.problem = problem
    self.branch = branch
    self.refs = refs
    self.uncommittedFiles = uncommittedFiles
  }
}

/// The folders that a path may go on to.
package struct FolderListing: Sendable, Equatable {
  package struct Folder: Sendable, Equatable {
    package var path: String
    package var isRepository: Bool
    package init(path: String, isRepository: Bool) {
      self.path = path
      self.isRepository = isRepository
    }
  }

  /// What was typed.
  package var prefix: String
  package var folders: [Folder]

  package init(prefix: String, folders: [Folder]) {
    self.prefix = prefix
    self.folders = folders
  }
}

/// The open list of what a field may be.
struct Completion: Sendable, Equatable {
  var field: DispatchForm.Field
  var cursor = 0
}

/// One of them.
struct Candidate: Sendable, Equatable {
  var text: String
  var note: String
}

/// A list over the form to choose a draft from, or a line to name a file in.
struct FormPicker: Sendable {
  enum Kind: Sendable { case history, templates, file }

  struct Entry: Sendable, Equatable {
    enum Choice: Sendable, Equatable {
      case draft(WorkDraft)
      case save(name: String)
    }
    var title: String
    var note: String
    var choice: Choice
  }

  var kind: Kind
  var field = TextField()
  var cursor = 0
}
