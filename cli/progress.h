/* How far a long command is, on stderr: a line that rewrites itself on a terminal, else a line for
 * each tenth once ten seconds have passed. Never on stdout, never in a result. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool terminal, drawn, said_estimate;
    gint64 began, shown; /* monotonic, in microseconds */
    int tenth;
} gd_progress;

void gd_progress_begin(gd_progress *progress);
/* `done` of 1; `speed` is what to show besides, as "8.2M/s events". Cheap: call it often. */
void gd_progress_tell(gd_progress *progress, double done, const char *speed);
void gd_progress_end(gd_progress *progress);
double gd_progress_get_seconds(const gd_progress *progress);
