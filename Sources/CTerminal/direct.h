#ifndef CTERMINAL_DIRECT_H
#define CTERMINAL_DIRECT_H

// Values for TERMINFO. The names inside are "flightdeck" and "flightdeck-plain".
extern const char *const cterm_direct_entry;
extern const char *const cterm_direct_plain_entry;

#endif
