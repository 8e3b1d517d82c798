// ncurses behind an opaque interface. See include/CTerminal.h.
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#include "direct.h"
#include "include/CTerminal.h"

static SCREEN *screen;
static FILE *output, *input;
static bool color_on, direct_on;

bool cterm_locale_is_utf8(void) {
  bool utf8;
  if (setlocale(LC_CTYPE, "")) {
    utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  } else {
    // Named, but not installed here: its name says what the terminal shows.
    const char *name = getenv("LC_ALL");
    if (!name || !*name) name = getenv("LC_CTYPE");
    if (!name || !*name) name = getenv("LANG");
    utf8 = name && (strstr(name, "UTF-8") || strstr(name, "utf8") || strstr(name, "UTF8") || strstr(name, "utf-8"));
  }
  setlocale(LC_CTYPE, "C.UTF-8");
  return utf8;
}

// A file in memory: writing to it never blocks, and it is no terminal, so ncurses leaves the real one's settings to us.
static FILE *memory_file(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return NULL;
  FILE *file = fdopen(fd, "r+");
  if (!file) close(fd);
  return file;
}

// A variable of the environment for as long as newterm needs it: an editor that we start must not see ours.
struct variable {
  const char *name;
  char *before;
};

static struct variable replace_variable(const char *name, const char *value) {
  const char *now = getenv(name);
  struct variable variable = {name, now ? strdup(now) : NULL};
  setenv(name, value, 1);
  return variable;
}

static void put_back(struct variable variable) {
  if (variable.before)
    setenv(variable.name, variable.before, 1);
  else
    unsetenv(variable.name);
  free(variable.before);
}

// ncurses cannot ask a memory file for its size, and not every terminfo entry (linux) has one: it comes in the environment.
static SCREEN *new_screen(const char *term, int direct, int rows, int columns) {
  char lines_text[16], columns_text[16];
  snprintf(lines_text, sizeof lines_text, "%d", rows);
  snprintf(columns_text, sizeof columns_text, "%d", columns);
  struct variable lines_before = replace_variable("LINES", lines_text);
  struct variable columns_before = replace_variable("COLUMNS", columns_text);
  use_env(TRUE);
  SCREEN *made;
  if (direct) {
    struct variable info = replace_variable("TERMINFO", direct == 1 ? cterm_direct_entry : cterm_direct_plain_entry);
    made = newterm(direct == 1 ? "flightdeck" : "flightdeck-plain", output, input);
    put_back(info);
  } else {
    made = newterm(term, output, input);
  }
  put_back(columns_before);
  put_back(lines_before);
  return made;
}

static bool has_capability(const char *name) {
  char *value = tigetstr(name);
  return value && value != (char *)-1;
}

int cterm_screen_open(const char *term, int direct, bool color, int rows, int columns) {
  output = memory_file("screen");
  input = memory_file("no-input");
  if (!output || !input) return CTERM_NO_MEMORY;
  screen = new_screen(term, direct, rows, columns);
  if (!screen) {
    fclose(output);
    fclose(input);
    return CTERM_UNKNOWN;
  }
  set_term(screen);
  if (!has_capability("cup") || !has_capability("clear")) {
    endwin();
    cterm_screen_close();
    return CTERM_TOO_SIMPLE;
  }
  typeahead(-1);
  nonl();
  idlok(stdscr, FALSE);
  scrollok(stdscr, FALSE);
  leaveok(stdscr, FALSE);
  color_on = color && has_colors();
  direct_on = false;
  if (color_on) {
    start_color();
    use_default_colors();
    direct_on = tigetflag("RGB") > 0 || tigetnum("RGB") > 0;
  }
  curs_set(0);
  return CTERM_OK;
}

void cterm_screen_close(void) {
  if (!screen) return;
  delscreen(screen);
  screen = NULL;
  fclose(output);
  fclose(input);
}

int cterm_screen_colors(void) { return color_on ? COLORS : 0; }
bool cterm_screen_is_direct(void) { return direct_on; }

// 0xRRGGBB below 8 would be a number of the palette; the darkest blues stand in for black.
static int direct_color(int rgb) { return rgb >= 0 && rgb < 8 ? 8 : rgb; }

int cterm_screen_pair(int foreground, int background) {
  if (!color_on) return 0;
  if (direct_on) return alloc_pair(direct_color(foreground), direct_color(background));
  return alloc_pair(foreground, background);
}

static attr_t attributes_of(unsigned attributes) {
  attr_t result = 0;
  if (attributes & CTERM_BOLD) result |= A_BOLD;
  if (attributes & CTERM_DIM) result |= A_DIM;
  if (attributes & CTERM_ITALIC) result |= A_ITALIC;
  if (attributes & CTERM_UNDERLINE) result |= A_UNDERLINE;
  if (attributes & CTERM_REVERSE) result |= A_REVERSE;
  return result;
}

static void put_cell(int row, int column, const wchar_t *text, attr_t attributes, int pair) {
  cchar_t cell;
  // Pairs past 32,767 go through the last argument; the short one is ignored then.
  if (setcchar(&cell, text, attributes, 0, &pair) == OK) mvadd_wch(row, column, &cell);
}

void cterm_screen_put(int row, int column, const uint32_t *scalars, int count, int width, unsigned attributes, int pair) {
  wchar_t text[CCHARW_MAX + 1];
  attr_t with = attributes_of(attributes);
  if (count < 1 || wcwidth((wchar_t)scalars[0]) != width) {
    for (int i = 0; i < width; i++) put_cell(row, column + i, L"\uFFFD", with, pair);
    return;
  }
  int used = 0;
  text[used++] = (wchar_t)scalars[0];
  for (int i = 1; i < count && used < CCHARW_MAX; i++)
    if (wcwidth((wchar_t)scalars[i]) == 0) text[used++] = (wchar_t)scalars[i];
  text[used] = 0;
  put_cell(row, column, text, with, pair);
}

static int cursor_row = -1, cursor_column;

void cterm_screen_cursor(int row, int column) {
  cursor_row = row;
  cursor_column = column;
}

void cterm_screen_resize(int rows, int columns) { resize_term(rows, columns); }

void cterm_screen_erase(void) { werase(stdscr); }

void cterm_screen_render(bool all) {
  if (all) clearok(curscr, TRUE);
  if (cursor_row >= 0) move(cursor_row, cursor_column);
  wnoutrefresh(stdscr);
  doupdate();
  curs_set(cursor_row >= 0);
  fflush(output);
}

void cterm_screen_leave(void) {
  endwin();
  fflush(output);
}

void cterm_screen_enter(void) {
  reset_prog_mode();
  // The first update after endwin enters the alternate screen again.
  clearok(curscr, TRUE);
  refresh();
  curs_set(cursor_row >= 0);
  fflush(output);
}

size_t cterm_output_size(void) {
  off_t size = lseek(fileno(output), 0, SEEK_END);
  return size > 0 ? (size_t)size : 0;
}

size_t cterm_output_read(uint8_t *bytes, size_t size, size_t offset) {
  ssize_t count = pread(fileno(output), bytes, size, (off_t)offset);
  return count > 0 ? (size_t)count : 0;
}

void cterm_output_clear(void) {
  lseek(fileno(output), 0, SEEK_SET);
  if (ftruncate(fileno(output), 0) != 0) rewind(output);
}
