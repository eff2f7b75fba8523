#include "models/outcome.h"

#include <stddef.h>

const gd_outcome_row gd_outcome_rows[GD_OUTCOMES] = {
#define GD_OUTCOME(symbol, word, good_, breaker_, retry_, upstream_)                               \
    {.name = word, .good = good_, .breaker = breaker_, .retry = retry_, .upstream = GD_##upstream_},
#include "models/outcome.def"
#undef GD_OUTCOME
};

const char *const gd_outcome_words[GD_OUTCOMES + 1] = {
#define GD_OUTCOME(symbol, word, good, breaker, retry, upstream) word,
#include "models/outcome.def"
#undef GD_OUTCOME
    NULL,
};
