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
    add(
      .runs, .filter, "/",
      "filter: words, \"a phrase\", ~regex, !not, fields such as status: and age:<1h; tab completes", "filter")
    add(.runs, .sort, "s", "sort by the next column", "sort")
    add(.runs, .retry, "r", "retry as a new run", "retry")
    add(.runs, .forceCancel, "X", "cancel by force: kill now")
    add(.runs, .invert, "I", "invert the order")
    add(.runs, .previousColumn, "<", "sort by the column before")
    add(.runs, .nextColumn, ">", "sort by the column after")
    add(.runs, .markRange, "v", "mark from the last mark to here")
    add(.runs, .clearMarks, "U", "clear all marks")
    add(.runs, .group, "b", "group by runtime, status, batch, label, not at all")
    add(.runs, .columns, "C", "columns: which, in what order, how wide")
    add(.runs, .wide, "W", "all columns, scrolled with ← →, without the preview")
    add(.runs, .views, "S", "saved views")
    add(.runs, .copy, "y", "copy the branch")
    add(.runs, .copyId, "Y", "copy the run id")

    add(.run, .nextPane, "tab", "next tab", "next tab")
    add(.run, .previousPane, "shift-tab", "previous tab")
    for (number, action) in [Action.tab1, .tab2, .tab3, .tab4, .tab5, .tab6, .tab7, .tab8, .tab9].enumerated() {
      add(.run, action, "\(number + 1)", "\(RunTab.allCases[number].title)")
    }
    add(.run, .answer, "a", "answer the agent's question", "answer")
    add(.run, .cancel, "x", "cancel the run; x again does it", "cancel")
    add(.run, .forceCancel, "X", "cancel by force: kill now")
    add(.run, .retry, "r", "retry as a new run", "retry")
    add(.run, .diff, "d", "what the run changed", "diff")
    add(.run, .previousRun, "[", "the run above, on the same tab")
    add(.run, .nextRun, "]", "the run below, on the same tab")
    add(.run, .copy, "y", "copy what the cursor is on: merge command, line, path, value, note")
    add(.run, .openLink, "o", "open the pull request, or the contract's link")
    add(.run, .copyId, "Y", "copy the run id")

    add(.events, .follow, "f", "follow the newest", "follow")
    add(.events, .pause, "p", "hold the picture still", "pause")
    add(.events, .wrap, "w", "wrap long lines", "wrap")
    add(.events, .timestamps, "t", "timestamps: time, since the start, none", "times")
    add(.events, .eventTypes, "F", "choose the types of events", "types")
    add(.events, .search, "/", "search", "search")
    add(.events, .open, "enter", "the event whole", "whole")
    add(.events, .nextError, "e", "next error", "error")
    add(.events, .previousError, "E", "previous error")
    add(.events, .markLine, "m", "mark the line", "mark")
    add(.events, .nextMark, "u", "next mark")
    add(.events, .previousMark, "U", "previous mark")
    add(.events, .nextMatch, "n", "next match")
    add(.events, .previousMatch, "N", "previous match")

    add(.files, .open, "enter", "this file in the diff; a folder folds", "diff")
    add(.files, .left, "left h", "fold, or go to the folder", "fold")
    add(.files, .right, "right l", "unfold")
    add(.files, .reviewed, "space", "reviewed, until the file changes again", "reviewed")
    add(.files, .editFile, "e", "open the file in $EDITOR where it was changed", "editor")

    add(.records, .open, "enter", "scroll the output, or go back to the list", "output")
    add(.records, .nextMatch, "n", "next one that failed", "next failure")
    add(.records, .previousMatch, "N", "previous one that failed")
    add(.records, .failedOnly, "F", "only those that failed", "failed only")

    add(.note, .search, "/", "search", "search")
    add(.note, .nextMatch, "n", "next match")
    add(.note, .previousMatch, "N", "previous match")

    add(.tree, .open, "enter space", "fold or unfold", "fold")
    add(.tree, .left, "left h", "fold, or go to what it is in")
    add(.tree, .right, "right l", "unfold, or go into it")

    add(.trail, .open, "enter", "the record whole", "whole")

    add(.diff, .nextHunk, "}", "next hunk", "hunk")
    add(.diff, .previousHunk, "{", "previous hunk")
    add(.diff, .nextFile, ")", "next file", "file")
    add(.diff, .previousFile, "(", "previous file")
    add(.diff, .wrap, "w", "wrap long lines", "wrap")
    add(.diff, .search, "/", "search", "search")
    add(.diff, .nextMatch, "n", "next match")
    add(.diff, .previousMatch, "N", "previous match")

    add(.runtimes, .dispatch, "D enter", "dispatch work", "dispatch")

    add(.queue, .open, "enter", "open the run", "open")
    add(.queue, .cancel, "x", "cancel the run; x again does it", "cancel")
    add(.queue, .forceCancel, "X", "cancel by force: kill now")
    add(.queue, .copyId, "Y", "copy the run id")

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

    add(.columnsDialog, .toggle, "space", "show or hide the column", "show or hide")
    add(.columnsDialog, .earlier, "K [", "move it to the left", "left")
    add(.columnsDialog, .later, "J ]", "move it to the right", "right")
    add(.columnsDialog, .widen, "+ =", "widen", "wider")
    add(.columnsDialog, .narrow, "-", "narrow", "narrower")
    add(.columnsDialog, .standard, "r", "back to the standard columns", "standard")
    add(.columnsDialog, .submit, "enter", "done", "done")
    add(.columnsDialog, .back, "esc q C", "done")

    add(.viewsDialog, .submit, "enter", "take the view", "take")
    add(.viewsDialog, .saveView, "s", "save what is on the screen under a name", "save this")
    add(.viewsDialog, .delete, "d x delete", "delete the view; again does it", "delete")
    add(.viewsDialog, .back, "esc q S", "leave", "leave")

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
    add(.pages, .queue, "3", "Queue")
    add(.pages, .audit, "4", "Audit")
    add(.pages, .pulse, "5", "Pulse")

    add(.everywhere, .dispatch, "D", "dispatch work", "dispatch")
    add(.everywhere, .palette, ":", "every action by name", "command")
    add(.everywhere, .help, "?", "help for where you are", "help")
    add(.everywhere, .back, "esc q", "back; q on the first screen asks to quit", "back")
    add(.everywhere, .quit, "Q ctrl-c", "quit; runs go on")
    add(.everywhere, .nextTheme, "T", "next theme")
    add(.everywhere, .redraw, "ctrl-l", "redraw")
    add(.everywhere, .saveScreen, "ctrl-s", "save the screen")
    add(.everywhere, .suspend, "ctrl-z", "suspend")
    add(.everywhere, .tour, "f2", "the tour: begin it, or end it")
    add(.everywhere, .nextTip, "ctrl-n", "the tour's next step")
    return table
  }()
}
