#include "cli/say.h"

#include "cli/number.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, NARROWEST = 40, WIDEST = 400 };

static bool write_all(int fd, const char *text, gsize length)
{
    while (length) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text += written;
        length -= (gsize)written;
    }
    return true;
}

void gd_say_lines(const char *lines)
{
    bool utf8 = g_get_charset(NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(lines, "\n", -1);
    for (char **part = parts; *part; part++) {
        if (!**part && !part[1])
            break;
        g_autofree char *safe = gd_text_escape(*part, utf8);
        g_string_append_printf(out, "%s\n", safe);
    }
    /* Where stderr cannot be written either, the exit status is all that is left to say. */
    (void)write_all(STDERR_FILENO, out->str, out->len);
}

void gd_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    const char *program = g_get_prgname();
    g_autofree char *line = g_strdup_printf("%s: %s", program ? program : "gameday", message);
    gd_say_lines(line);
}

bool gd_print(const char *text, gsize length)
{
    if (write_all(STDOUT_FILENO, text, length))
        return true;
    /* A reader who has seen enough ("| head") needs no message. */
    if (errno != EPIPE)
        gd_say("cannot write to stdout: %s", g_strerror(errno));
    return false;
}

bool gd_print_text(const char *text)
{
    return gd_print(text, strlen(text));
}

static bool wants_colour(const char *color, bool *colour)
{
    if (color && strcmp(color, "auto") != 0) {
        *colour = strcmp(color, "always") == 0;
        return *colour || strcmp(color, "never") == 0;
    }
    const char *none = g_getenv("NO_COLOR"), *term = g_getenv("TERM");
    *colour = isatty(STDOUT_FILENO) && !(none && *none) && term && strcmp(term, "dumb") != 0;
    return true;
}

bool gd_form_read(const char *color, const char *width, gd_text_form *form)
{
    gd_text_form read = {.width = WIDTH, .utf8 = g_get_charset(NULL)};
    if (!wants_colour(color, &read.colour)) {
        gd_say("--color is auto, always or never, not \"%s\"", color);
        return false;
    }
    uint64_t columns;
    struct winsize size;
    if (width) {
        if (!gd_number_read("--width", width, NARROWEST, WIDEST, &columns))
            return false;
        read.width = (unsigned)columns;
    } else if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
               size.ws_col) {
        read.width = CLAMP(size.ws_col, NARROWEST, WIDEST);
    }
    *form = read;
    return true;
}
