/// What the lexer has to know of a language.
struct Language: Sendable {
  enum Form: Sendable { case code, markup, markdown, patch }

  struct StringRule: Sendable {
    var open: [UInt8]
    var close: [UInt8]
    var hasEscapes = true
    var isMultiline = false
    /// A quote for single characters, which may also stand alone.
    var isCharacter = false

    init(
      _ open: String, _ close: String? = nil, escapes: Bool = true, multiline: Bool = false, character: Bool = false
    ) {
      self.open = Array(open.utf8)
      self.close = Array((close ?? open).utf8)
      hasEscapes = escapes
      isMultiline = multiline
      isCharacter = character
    }
  }

  var name: String
  var form = Form.code
  var lineComments: [[UInt8]] = []
  /// Whether a comment's sign counts only after white space or at the start.
  var commentsNeedSpace = false
  var blockComment: (open: [UInt8], close: [UInt8])?
  var commentsNest = false
  /// The longer openings first.
  var strings: [StringRule] = []
  var keywords: Set<String> = []
  var types: Set<String> = []
  var ignoresCase = false
  var typesAreCapitalised = false
  var callsAreMarked = false
  /// Signs that make a word a directive: `@main`, `#if`.
  var directiveSigns: [UInt8] = []
  var variableSign: UInt8?
  var variablesHaveParens = false
  var wordsHaveDashes = false
  /// `key: value`, also with quotes.
  var keysEndInColon = false
  var keysComeFirst = false
  /// `key = value`.
  var keysEndInEquals = false

  init(_ name: String, _ change: (inout Language) -> Void = { _ in }) {
    self.name = name
    change(&self)
  }
}

extension Language {
  /// By the file's name; nil for what is not known.
  static func of(_ path: String) -> Language? {
    let file = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
    if let name = byFile[file] { return byName[name] }
    guard let dot = file.lastIndex(of: ".") else { return file.hasPrefix("dockerfile") ? byName["docker"] : nil }
    return byEnding[String(file[file.index(after: dot)...])].flatMap { byName[$0] }
  }

  private static let byFile: [String: String] = [
    "makefile": "make", "gnumakefile": "make", "dockerfile": "docker", "containerfile": "docker", "gemfile": "ruby",
    "rakefile": "ruby", "jenkinsfile": "java", ".bashrc": "shell", ".profile": "shell", ".zshrc": "shell",
    ".gitconfig": "toml", ".editorconfig": "toml",
  ]

  private static let byEnding: [String: String] = {
    let endings = [
      "swift": "swift", "c": "c h", "c++": "cc cpp cxx hpp hh hxx m mm ino", "rust": "rs", "go": "go",
      "java": "java groovy gradle", "kotlin": "kt kts scala", "js": "js jsx mjs cjs", "ts": "ts tsx mts cts",
      "csharp": "cs", "python": "py pyi pyw", "ruby": "rb rake gemspec", "php": "php phtml",
      "shell": "sh bash zsh ksh fish", "sql": "sql", "json": "json jsonl jsonc json5 webmanifest", "yaml": "yaml yml",
      "toml": "toml ini cfg conf properties", "markup": "html htm xml svg xhtml vue plist xsd", "css": "css scss less",
      "markdown": "md markdown", "make": "mk mak", "docker": "dockerfile", "patch": "diff patch",
    ]
    var found: [String: String] = [:]
    for (name, list) in endings { for ending in list.split(separator: " ") { found[String(ending)] = name } }
    return found
  }()

  private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

  private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

  private static func slashes(_ language: inout Language) {
    language.lineComments = [Array("//".utf8)]
    language.blockComment = (Array("/*".utf8), Array("*/".utf8))
    language.callsAreMarked = true
  }

  private static func hashes(_ language: inout Language) { language.lineComments = [Array("#".utf8)] }

  private static let cWords =
    "if else for while do switch case default break continue return goto sizeof typedef struct union enum static extern const volatile inline register restrict"
  private static let jsWords =
    "if else for while do switch case default break continue return function var let const class extends new delete typeof instanceof in of this super import export from as async await yield try catch finally throw null undefined true false void static get set debugger with"
  private static let javaWords =
    "if else for while do switch case default break continue return class interface enum extends implements new this super import package public private protected static final abstract synchronized volatile transient native try catch finally throw throws null true false instanceof assert record sealed permits var yield"

  static let all: [Language] = [
    Language("swift") {
      slashes(&$0)
      $0.commentsNest = true
      $0.strings = [StringRule("\"\"\"", multiline: true), StringRule("#\"", "\"#", escapes: false), StringRule("\"")]
      $0.keywords = words(
        "actor as associatedtype async await break case catch class continue default defer deinit do else enum extension fallthrough fileprivate final for func get guard if import in indirect init inout internal is isolated lazy let mutating nil nonisolated open operator override package private protocol public repeat rethrows return self set some any static struct subscript super switch throw throws true false try typealias unowned var weak where while"
      )
      $0.typesAreCapitalised = true
      $0.directiveSigns = Array("@#".utf8)
    },
    Language("c") {
      slashes(&$0)
      $0.strings = [StringRule("\""), StringRule("'", character: true)]
      $0.keywords = words(cWords)
      $0.types = words(
        "void char short int long float double signed unsigned bool size_t ssize_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t FILE"
      )
      $0.directiveSigns = Array("#".utf8)
    },
    Language("c++") {
      slashes(&$0)
      $0.strings = [StringRule("\""), StringRule("'", character: true)]
      $0.keywords = words(
        cWords
          + " class public private protected virtual override final template typename namespace using new delete this throw try catch operator friend explicit constexpr consteval constinit noexcept nullptr true false auto static_cast dynamic_cast const_cast reinterpret_cast concept requires co_await co_return co_yield mutable decltype"
      )
      $0.types = words(
        "void char short int long float double signed unsigned bool size_t string vector map set int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t wchar_t"
      )
      $0.typesAreCapitalised = true
      $0.directiveSigns = Array("#@".utf8)
    },
    Language("rust") {
      slashes(&$0)
      $0.commentsNest = true
      $0.strings = [
        StringRule("r#\"", "\"#", escapes: false, multiline: true), StringRule("\"", multiline: true),
        StringRule("'", character: true),
      ]
      $0.keywords = words(
        "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self static struct super trait true type union unsafe use where while yield"
      )
      $0.types = words("bool char str u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64")
      $0.typesAreCapitalised = true
    },
    Language("go") {
      slashes(&$0)
      $0.strings = [
        StringRule("`", escapes: false, multiline: true), StringRule("\""), StringRule("'", character: true),
      ]
      $0.keywords = words(
        "break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var nil true false iota"
      )
      $0.types = words(
        "bool byte complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr any"
      )
    },
    Language("java") {
      slashes(&$0)
      $0.strings = [StringRule("\"\"\"", multiline: true), StringRule("\""), StringRule("'", character: true)]
      $0.keywords = words(javaWords)
      $0.types = words("void boolean byte char short int long float double")
      $0.typesAreCapitalised = true
      $0.directiveSigns = Array("@".utf8)
    },
    Language("kotlin") {
      slashes(&$0)
      $0.commentsNest = true
      $0.strings = [
        StringRule("\"\"\"", escapes: false, multiline: true), StringRule("\""), StringRule("'", character: true),
      ]
      $0.keywords = words(
        javaWords
          + " fun val when is in as object companion data inline suspend override open internal lateinit by init constructor typealias reified out where def trait implicit lazy match"
      )
      $0.typesAreCapitalised = true
      $0.directiveSigns = Array("@".utf8)
    },
    Language("csharp") {
      slashes(&$0)
      $0.strings = [
        StringRule("@\"", "\"", escapes: false, multiline: true), StringRule("\""), StringRule("'", character: true),
      ]
      $0.keywords = words(
        javaWords
          + " namespace using struct delegate event get set value async await virtual override readonly ref out in is as base foreach lock unsafe partial internal const operator where"
      )
      $0.types = words("void bool byte char short int long float double decimal string object uint ulong")
      $0.typesAreCapitalised = true
      $0.directiveSigns = Array("#".utf8)
    },
    Language("js") {
      slashes(&$0)
      $0.strings = [StringRule("`", multiline: true), StringRule("\""), StringRule("'")]
      $0.keywords = words(jsWords)
      $0.typesAreCapitalised = true
      $0.directiveSigns = Array("@".utf8)
    },
    Language("ts") {
      slashes(&$0)
      $0.strings = [StringRule("`", multiline: true), StringRule("\""), StringRule("'")]
      $0.keywords = words(
        jsWords
          + " interface type enum namespace declare abstract implements private public protected readonly keyof infer is satisfies override"
      )
      $0.types = words("string number boolean any unknown never object symbol bigint")
      $0.typesAreCapitalised = true
      $0.directiveSigns = Array("@".utf8)
    },
    Language("python") {
      hashes(&$0)
      $0.strings = [
        StringRule("\"\"\"", multiline: true), StringRule("'''", multiline: true), StringRule("\""), StringRule("'"),
      ]
      $0.keywords = words(
        "and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield match case None True False self"
      )
      $0.types = words("int float str bool bytes list dict set tuple object type")
      $0.typesAreCapitalised = true
      $0.callsAreMarked = true
      $0.directiveSigns = Array("@".utf8)
    },
    Language("ruby") {
      hashes(&$0)
      $0.strings = [StringRule("\""), StringRule("'")]
      $0.keywords = words(
        "alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield require include attr_accessor attr_reader private protected public raise"
      )
      $0.typesAreCapitalised = true
      $0.callsAreMarked = true
      $0.directiveSigns = Array("@:".utf8)
      $0.variableSign = UInt8(ascii: "$")
    },
    Language("php") {
      slashes(&$0)
      $0.lineComments.append(Array("#".utf8))
      $0.strings = [StringRule("\""), StringRule("'")]
      $0.keywords = words(
        javaWords
          + " function fn echo foreach as elseif endif endforeach use namespace trait array isset unset require include require_once include_once match global list print php and or xor"
      )
      $0.typesAreCapitalised = true
      $0.variableSign = UInt8(ascii: "$")
    },
    Language("shell") {
      hashes(&$0)
      $0.commentsNeedSpace = true
      $0.strings = [StringRule("\""), StringRule("'", escapes: false)]
      $0.keywords = words(
        "if then else elif fi for in do done while until case esac function return exit local export readonly declare set unset shift trap source eval exec break continue select time echo printf cd test read"
      )
      $0.variableSign = UInt8(ascii: "$")
    },
    Language("sql") {
      $0.lineComments = [Array("--".utf8)]
      $0.blockComment = (Array("/*".utf8), Array("*/".utf8))
      $0.strings = [StringRule("'", escapes: false), StringRule("\"", escapes: false)]
      $0.ignoresCase = true
      $0.callsAreMarked = true
      $0.keywords = words(
        "select from where insert into values update set delete create table alter drop index view trigger function procedure begin commit rollback transaction join left right inner outer full cross on as and or not null is in exists between like order by group having limit offset union all distinct primary key foreign references unique default check constraint case when then else end if with recursive returning cascade grant revoke add column using true false asc desc"
      )
      $0.types = words(
        "int integer bigint smallint serial bigserial text varchar char boolean date time timestamp timestamptz numeric decimal real double float json jsonb uuid bytea blob"
      )
    },
    Language("json") {
      $0.lineComments = [Array("//".utf8)]
      $0.strings = [StringRule("\"")]
      $0.keywords = words("true false null")
      $0.keysEndInColon = true
    },
    Language("yaml") {
      hashes(&$0)
      $0.commentsNeedSpace = true
      $0.strings = [StringRule("\""), StringRule("'", escapes: false)]
      $0.keywords = words("true false null yes no on off True False Yes No")
      $0.keysEndInColon = true
      $0.wordsHaveDashes = true
    },
    Language("toml") {
      hashes(&$0)
      $0.lineComments.append(Array(";".utf8))
      $0.commentsNeedSpace = true
      $0.strings = [
        StringRule("\"\"\"", multiline: true), StringRule("'''", escapes: false, multiline: true), StringRule("\""),
        StringRule("'", escapes: false),
      ]
      $0.keywords = words("true false")
      $0.keysEndInEquals = true
      $0.wordsHaveDashes = true
    },
    Language("markup") {
      $0.form = .markup
      $0.blockComment = (Array("<!--".utf8), Array("-->".utf8))
    },
    Language("css") {
      $0.blockComment = (Array("/*".utf8), Array("*/".utf8))
      $0.lineComments = [Array("//".utf8)]
      $0.commentsNeedSpace = true
      $0.strings = [StringRule("\""), StringRule("'")]
      $0.keywords = words("important inherit initial none auto")
      $0.keysEndInColon = true
      $0.keysComeFirst = true
      $0.wordsHaveDashes = true
      $0.directiveSigns = Array("@#.".utf8)
      $0.variableSign = UInt8(ascii: "$")
    },
    Language("markdown") { $0.form = .markdown },
    Language("make") {
      hashes(&$0)
      $0.strings = [StringRule("\""), StringRule("'", escapes: false)]
      $0.keywords = words("ifeq ifneq ifdef ifndef else endif include define endef export override")
      $0.keysEndInColon = true
      $0.keysComeFirst = true
      $0.variableSign = UInt8(ascii: "$")
      $0.variablesHaveParens = true
      $0.wordsHaveDashes = true
    },
    Language("docker") {
      hashes(&$0)
      $0.strings = [StringRule("\""), StringRule("'", escapes: false)]
      $0.keywords = words(
        "FROM RUN CMD LABEL MAINTAINER EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL AS"
      )
      $0.variableSign = UInt8(ascii: "$")
    },
    Language("patch") { $0.form = .patch },
  ]
}
