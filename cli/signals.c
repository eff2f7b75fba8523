#include "cli/signals.h"

#include "cli/command.h"
#include "cli/output.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void on_stop(int signal)
{
    if (asked) {
        gd_output_abandon_all();
        _exit(GD_EXIT_SIGNAL + signal);
    }
    asked = signal;
}

int gd_signals_asked(void)
{
    return asked;
}

static void on_bug(int signal)
{
    static const char message[] = "gameday: this is a bug of gameday itself; please report it with "
                                  "the command and its documents\n";
    (void)signal;
    gd_output_abandon_all();
    /* Nothing can be done where even this fails. */
    ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    (void)written;
    _exit(GD_EXIT_BUG);
}

static void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_flags = flags};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

void gd_signals_install(void)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) {
        struct sigaction was;
        /* nohup and background jobs of a script have reasons to ignore these. */
        if (sigaction(stops[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            handle(stops[i], on_stop, SA_RESTART);
    }
    /* GLib ends with SIGTRAP when it is out of memory. Sanitizers keep the others for themselves.
     */
    static const int bugs[] = {SIGABRT, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    static char stack[64 * 1024]; /* a stack that overflowed cannot serve its own handler */
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(bugs); i++) {
        struct sigaction was;
        if (sigaction(bugs[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
            handle(bugs[i], on_bug, (int)(SA_RESETHAND | SA_ONSTACK));
    }
    /* Instead of death, an error where it happens: EPIPE, and EFBIG under ulimit -f. */
    handle(SIGPIPE, SIG_IGN, 0);
    handle(SIGXFSZ, SIG_IGN, 0);
}
