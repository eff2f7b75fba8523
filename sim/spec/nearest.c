#include "sim/spec/node.h"

#include <string.h>

/* Longer words are no misspelt member names; the matrix stays on the stack. */
#define LONGEST 48

static size_t min3(size_t a, size_t b, size_t c)
{
    return MIN(a, MIN(b, c));
}

/* Optimal string alignment: insertions, deletions, changes and swaps of neighbours cost 1; case and
 * the kind of separator cost nothing. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1];
    char before = '\0';
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        char c = g_ascii_tolower(a[i - 1] == '-' ? '_' : a[i - 1]);
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            char d = g_ascii_tolower(b[j - 1] == '-' ? '_' : b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (c != d));
            if (i > 1 && j > 1 && c != d && before == d &&
                c == g_ascii_tolower(b[j - 2] == '-' ? '_' : b[j - 2]))
                row[j] = MIN(row[j], higher[j - 2] + 1);
        }
        before = c;
    }
    return rows[n % 3][m];
}

const char *gd_nearest(const char *word, const char *const *words)
{
    size_t length = strlen(word), best = SIZE_MAX;
    const char *nearest = NULL;
    if (length > LONGEST)
        return NULL;
    for (; *words; words++) {
        size_t other = strlen(*words);
        /* A third of the letters may be wrong, and a word of two letters still has one. */
        size_t limit = (MAX(length, other) + 1) / 3;
        if (other > LONGEST || (length > other ? length - other : other - length) > limit)
            continue;
        size_t d = distance(word, length, *words, other);
        if (d <= limit && d < best) {
            best = d;
            nearest = *words;
        }
    }
    return nearest;
}
