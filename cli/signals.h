/* Signals, and bugs of ours that would end in one. */
#pragma once

#include <stdbool.h>

/* The first SIGINT, SIGTERM or SIGHUP asks for a stop, the second ends the program at once. A
 * failed assertion ends with status 70 and no half-written file. */
void gd_signals_install(void);
/* The signal that asked for a stop, or 0. */
int gd_signals_asked(void);
