#include "cli/progress.h"

#include "cli/say.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* When to speak: assumptions about patience, in microseconds. */
enum {
    FIRST = 200 * 1000,        /* long enough to extrapolate from */
    REDRAW = 200 * 1000,       /* five times a second */
    LONG = 5 * 1000 * 1000,    /* an estimate beyond is worth a line */
    SILENT = 10 * 1000 * 1000, /* no lines in a log before that */
};

void gd_progress_begin(gd_progress *progress)
{
    *progress = (gd_progress){
        .terminal = isatty(STDERR_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0,
        .began = g_get_monotonic_time(),
    };
}

double gd_progress_get_seconds(const gd_progress *progress)
{
    return (double)(g_get_monotonic_time() - progress->began) / G_USEC_PER_SEC;
}

/* An estimate, so in whole units. Owned by the caller. */
static char *print_left(double us)
{
    double s = ceil(us / G_USEC_PER_SEC);
    return s < 120 ? g_strdup_printf("%.0f s", s) : g_strdup_printf("%.0f min", ceil(s / 60));
}

static void draw(gd_progress *progress, double done, const char *left, const char *speed)
{
    g_autofree char *line =
        g_strdup_printf("\r\033[K%3.0f%%  %s  about %s left", done * 100, speed, left);
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written;
    progress->drawn = true;
}

void gd_progress_tell(gd_progress *progress, double done, const char *speed)
{
    gint64 now = g_get_monotonic_time(), spent = now - progress->began;
    if (spent < FIRST || now - progress->shown < REDRAW || done <= 0)
        return;
    progress->shown = now;
    double left_us = (double)spent * (1 - done) / done;
    g_autofree char *left = print_left(left_us);
    if (!progress->said_estimate) {
        progress->said_estimate = true;
        if (left_us > LONG)
            gd_say("this takes about %s (%s); Ctrl-C stops it and shows what there is", left,
                   speed);
    }
    int tenth = (int)(done * 10);
    if (progress->terminal)
        draw(progress, done, left, speed);
    else if (spent > SILENT && tenth > progress->tenth)
        gd_say("%d%% done, %s, about %s left", tenth * 10, speed, left);
    progress->tenth = tenth;
}

void gd_progress_end(gd_progress *progress)
{
    if (!progress->drawn)
        return;
    ssize_t written = write(STDERR_FILENO, "\r\033[K", 4);
    (void)written;
    progress->drawn = false;
}
