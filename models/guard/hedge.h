/* What a hedge keeps of a call: for hedge.c and tied.c. */
#pragma once

#include "sim/units.h"

enum {
    GD_HEDGE_SENT,
    GD_HEDGE_WINS,
    GD_HEDGE_LOSERS,
    GD_HEDGE_UNTIED,
    GD_HEDGE_NO_BUDGET,
    GD_HEDGE_STOPPED,
    GD_HEDGE_TOO_FEW
};

typedef struct {
    uint64_t word;
    gd_time first;    /* when the first copy was sent */
    uint8_t sent;     /* copies so far, the first included */
    uint8_t live;     /* of them still out */
    bool own;         /* the first is out */
    bool again;       /* it is not the first any more: it has failed and was sent again */
    bool late;        /* a delay has passed: with after_timeout, failures wait for the others */
    bool stopped;     /* the callee wants no more copies */
    uint32_t starter; /* tied: the instance that started a copy first */
    gd_time started;  /* when, and 1 ns; 0: none has */
} gd_hedge_call;      /* behind it: the budget's bytes */
