#include "tests/theory/theory.h"

#include "models/flow/engine.h"

typedef struct {
    const theory_question *question;
    theory_answer *answer;
    double since, start[THEORY_TIMES]; /* s; of the present number, and of each passage */
    bool armed[THEORY_TIMES];
    uint32_t level, number; /* the level is the number, cut off */
} watcher;

/* `number` are in the service from `now` on. */
static void note_level(watcher *w, double now, uint32_t number)
{
    const theory_question *question = w->question;
    uint32_t level = MIN(number, THEORY_LEVELS - 1);
    w->answer->time_at[w->level] += now - w->since;
    for (uint32_t k = w->level + 1; k <= level; k++)
        w->answer->entries[k]++;
    w->since = now;
    w->level = level;
    w->number = number;
    for (uint32_t i = 0; i < question->n_passages; i++) {
        if (w->armed[i] && level >= question->passages[i]) {
            w->answer->passage_s[i] += now - w->start[i];
            w->answer->passages[i]++;
            w->armed[i] = false;
        } else if (!w->armed[i] && level == 0) {
            w->armed[i] = true;
            w->start[i] = now;
        }
    }
}

static void note_moments(watcher *w, double now, uint32_t number)
{
    const theory_question *question = w->question;
    theory_answer *answer = w->answer;
    for (uint32_t i = 0; i < question->n_at; i++)
        if (answer->seen[i] < 0 && now >= (double)question->at[i] / (double)GD_S)
            answer->seen[i] = w->number;
    for (uint32_t i = 0; number == 0 && i < question->n_empty_after; i++) {
        double after = (double)question->empty_after[i] / (double)GD_S;
        if (now >= after && !gd_is_known(answer->emptied[i]))
            answer->emptied[i] = now - after;
    }
}

void theory_watch(gd_run *run, const theory_question *question, theory_answer *answer)
{
    *answer = (theory_answer){0};
    for (uint32_t i = 0; i < THEORY_TIMES; i++) {
        answer->seen[i] = -1;
        answer->emptied[i] = GD_UNKNOWN;
    }
    gd_run_until(run, run->plan->warmup, UINT64_MAX);
    watcher w = {.question = question, .answer = answer};
    for (bool goes_on = true;;) {
        double now = (double)(gd_run_get_now(run) - run->plan->warmup) / (double)GD_S;
        uint32_t number = GD_GAUGES(run)[question->service].system;
        if (now >= 0) {
            note_moments(&w, now, number);
            note_level(&w, now, number);
        } else {
            w.number = number; /* what the warm-up left */
            w.level = MIN(number, THEORY_LEVELS - 1);
        }
        if (!goes_on)
            break;
        goes_on = gd_run_until(run, GD_NEVER, 1);
    }
    answer->seconds = w.since;
}
