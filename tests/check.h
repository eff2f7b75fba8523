/* cmocka's fail_msg with a place for the case or the seed.
 *
 * check_that(got == 3, "seed %u", seed) fails with the condition's text and the message.
 * check_text(got, wanted, "case %s", name) compares two strings and shows both.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the headers above before it. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 4, 5), noreturn, unused)) static void
check_failed(const char *file, int line, const char *what, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    print_error("%s\n  %s\n", what, message);
    _fail(file, line);
    abort(); /* it does not come back, but is not declared so */
}

/* Shows both texts when they differ; so does NULL from any text. */
__attribute__((unused)) static bool check_same_text(const char *got, const char *wanted)
{
    if (got && wanted && strcmp(got, wanted) == 0)
        return true;
    print_error("got    \"%s\"\nwanted \"%s\"\n", got ? got : "(null)", wanted ? wanted : "(null)");
    return false;
}

#define check_that(condition, ...)                                                                 \
    ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

#define check_text(got, wanted, ...)                                                               \
    (check_same_text((got), (wanted))                                                              \
         ? (void)0                                                                                 \
         : check_failed(__FILE__, __LINE__, #got " is " #wanted, __VA_ARGS__))
