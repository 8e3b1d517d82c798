import TerminalKit

extension KeyMap {
  /// In the order of footer and help.
  static let table: [Binding] = {
    func keys(_ names: String) -> [Key] { names.split(separator: " ").compactMap { Key(name: String($0)) } }
    var table: [Binding] = []
    func add(_ context: KeyContext, _ action: Action, _ names: String, _ help: String, _ short: String? = nil) {
      table.append(Binding(context: context, action: action, keys: keys(names), help: help, short: short))
    }
    add(.runs, .open, "enter", "open the run", "open")
    add(.runs, .answer, "a", "answer the agent's question", "answer")
    add(.runs, .diff, "d", "what the run changed", "diff")
    add(.runs, .cancel, "x", "cancel: the run or the marked ones; x again does it", "cancel")
    add(.runs, .mark, "space", "mark and go on", "mark")
    add(.runs, .filter, "/", "filter: words, ~regex, !not, status: runtime: title:", "filter")
    add(.runs, .sort, "s", "sort by the next column", "sort")
    add(.runs, .retry, "r", "retry as a new run", "retry")
    add(.runs, .forceCancel, "X", "cancel by force: kill now")
    add(.runs, .invert, "I", "invert the order")
    add(.runs, .previousColumn, "<", "sort by the column before")
    add(.runs, .nextColumn, ">", "sort by the column after")
    add(.runs, .markRange, "v", "mark from the last mark to here")
    add(.runs, .clearMarks, "U", "clear all marks")
    add(.runs, .copy, "y", "copy the branch")
    add(.runs, .copyId, "Y", "copy the run id")

    add(.run, .nextPane, "tab", "next tab", "next tab")
    add(.run, .previousPane, "shift-tab", "previous tab")
    for (number, action) in [Action.tab1, .tab2, .tab3, .tab4, .tab5, .tab6, .tab7].enumerated() {
      add(.run, action, "\(number + 1)", "\(RunTab.allCases[number].title)")
    }
    add(.run, .answer, "a", "answer the agent's question", "answer")
    add(.run, .cancel, "x", "cancel the run; x again does it", "cancel")
    add(.run, .forceCancel, "X", "cancel by force: kill now")
    add(.run, .retry, "r", "retry as a new run", "retry")
    add(.run, .diff, "d", "what the run changed", "diff")
    add(.run, .previousRun, "[", "the run above, on the same tab")
    add(.run, .nextRun, "]", "the run below, on the same tab")
    add(.run, .copy, "y", "copy: merge command, path, command or note")
    add(.run, .copyId, "Y", "copy the run id")

    add(.events, .follow, "f", "follow the newest", "follow")
    add(.events, .pause, "p", "hold the picture still", "pause")
    add(.events, .wrap, "w", "wrap long lines", "wrap")
    add(.events, .timestamps, "t", "timestamps: time, since the start, none", "times")
    add(.events, .eventTypes, "F", "all, output, tools or milestones", "types")
    add(.events, .search, "/", "search", "search")
    add(.events, .nextMatch, "n", "next match")
    add(.events, .previousMatch, "N", "previous match")

    add(.files, .open, "enter", "this file in the diff", "diff")

    add(.diff, .nextHunk, "}", "next hunk", "hunk")
    add(.diff, .previousHunk, "{", "previous hunk")
    add(.diff, .nextFile, ")", "next file", "file")
    add(.diff, .previousFile, "(", "previous file")
    add(.diff, .comment, "c", "comment on the line or the range, for the agent", "comment")
    add(.diff, .sendComments, "S", "send the comments as a follow-up", "send")
    add(.diff, .lineRange, "v", "a range of lines from here, or none", "range")
    add(.diff, .reviewed, "space", "reviewed: folds the file until it changes again", "reviewed")
    add(.diff, .sideBySide, "|", "two sides or one", "sides")
    add(.diff, .foldFile, "z", "fold the file, or unfold it", "fold")
    add(.diff, .foldAll, "Z", "fold or unfold all files")
    add(.diff, .moreContext, "+", "more lines around the changes")
    add(.diff, .lessContext, "-", "fewer lines around the changes")
    add(.diff, .whiteSpace, "W", "ignore white space, or not")
    add(.diff, .copyHunk, "y", "copy the hunk as a patch", "copy hunk")
    add(.diff, .copyFile, "P", "copy the file as a patch")
    add(.diff, .editFile, "e", "open the file in $EDITOR at the line")
    add(.diff, .compareRuns, "=", "compare with another run of the same work")
    add(.diff, .syntaxColours, "", "syntax colours on or off")
    add(.diff, .wrap, "w", "wrap long lines", "wrap")
    add(.diff, .search, "/", "search", "search")
    add(.diff, .nextMatch, "n", "next match")
    add(.diff, .previousMatch, "N", "previous match")

    add(.runtimes, .dispatch, "D enter", "dispatch work", "dispatch")

    add(.form, .nextField, "tab", "next field", "next field")
    add(.form, .previousField, "shift-tab", "previous field")
    add(.form, .submit, "enter", "what will happen; again dispatches (in long texts: a new line)", "review")
    add(.form, .toggle, "space", "choose or not", "choose")
    add(.form, .edit, "ctrl-o", "write the prompt in $EDITOR", "editor")
    add(.form, .back, "esc", "leave; what is written stays", "leave")

    add(.cancelDialog, .submit, "enter", "cancel them", "do it")
    add(.cancelDialog, .cancel, "x", "the same, as long as the reason is untouched", "do it")
    add(.cancelDialog, .nextField, "tab", "write another reason", "reason")
    add(.cancelDialog, .back, "esc", "let them run", "let them run")

    add(.dialog, .submit, "enter", "yes", "yes")
    add(.dialog, .up, "up", "up")
    add(.dialog, .down, "down", "down")
    add(.dialog, .back, "esc", "no", "no")

    add(.prompt, .submit, "enter", "take it", "take")
    add(.prompt, .nextField, "tab", "complete")
    add(.prompt, .back, "esc", "drop it", "drop")

    add(.moving, .down, "j down", "down")
    add(.moving, .up, "k up", "up")
    add(.moving, .left, "h left", "left")
    add(.moving, .right, "l right", "right")
    add(.moving, .top, "g home", "first")
    add(.moving, .bottom, "G end", "last")
    add(.moving, .halfDown, "ctrl-d", "half a page down")
    add(.moving, .halfUp, "ctrl-u", "half a page up")
    add(.moving, .pageDown, "pgdn ctrl-f", "a page down")
    add(.moving, .pageUp, "pgup ctrl-b", "a page up")

    add(.pages, .nextPane, "tab", "next screen")
    add(.pages, .previousPane, "shift-tab", "previous screen")
    add(.pages, .runs, "1", "Runs")
    add(.pages, .runtimes, "2", "Runtimes")

    add(.everywhere, .dispatch, "D", "dispatch work", "dispatch")
    add(.everywhere, .palette, ":", "every action by name", "command")
    add(.everywhere, .help, "?", "help for where you are", "help")
    add(.everywhere, .back, "esc q", "back; q on the first screen asks to quit", "back")
    add(.everywhere, .quit, "Q ctrl-c", "quit; runs go on")
    add(.everywhere, .nextTheme, "T", "next theme")
    add(.everywhere, .redraw, "ctrl-l", "redraw")
    add(.everywhere, .saveScreen, "ctrl-s", "save the screen")
    add(.everywhere, .suspend, "ctrl-z", "suspend")
    return table
  }()
}
