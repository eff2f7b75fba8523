/* Sheds by how busy the processor is, the lowest class first: the executor's load average of the
 * SRE book. The signal is the number of requests that work or could (`runnable`: those who wait as
 * well), or that work (`busy`), for each worker, smoothed exponentially:
 *
 *   u(t + dt) = x + (u(t) - x) e^(-dt / tau)     while the signal is x
 *
 * and a request of a class is refused while u is above the class's threshold. e^(-dt / tau) is
 * exact to 2^-32; u is kept in billionths, rounded down.
 * Sources: Google SRE book, chapter 21; patterns 4.2 `utilisation`, 4.4.
 */
#include "models/serve/serve.h"
#include "sim/fixed.h"

#define LOG2_E INT64_C(207914267153817538) /* of e, in Q57 */

enum { REFUSED, REFUSED_CLASS, BELOW = REFUSED_CLASS + GD_CRITICALITIES };
static const gd_counter_row counters[] = {
    {"refused", NULL},
    {"refused_critical_plus", NULL},
    {"refused_critical", NULL},
    {"refused_sheddable_plus", NULL},
    {"refused_sheddable", NULL},
    {"below", "the load was below the threshold of its class"},
    {0},
};

typedef struct {
    gd_share load;
    gd_time changed;
} cpu;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(cpu);
}

static void reset(const gd_serve_at *at)
{
    ((cpu *)at->mine)->changed = at->run->now;
}

/* The signal has been the same since the last change. */
static void follow(const gd_serve_at *at)
{
    const gd_cpu_shed_spec *spec = at->spec;
    cpu *c = at->mine;
    const gd_instance *instance = gd_serve_instance(at);
    gd_span dt = at->run->now - c->changed;
    if (dt == 0)
        return;
    c->changed = at->run->now;
    uint64_t n = (uint64_t)instance->busy + (spec->signal ? 0 : instance->queued);
    gd_i128 signal = (gd_i128)n * GD_SHARE_ONE / MAX(instance->workers, 1u);
    gd_i128 y = (INT64_C(32) << 57) - (gd_i128)LOG2_E * dt / spec->tau;
    int64_t decay = y > 0 ? gd_exp2_q57((int64_t)y) : 0; /* e^(-dt / tau) in 2^-32 */
    c->load = (gd_share)(signal + (((c->load - signal) * decay) >> 32));
}

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    const gd_cpu_shed_spec *spec = at->spec;
    follow(at);
    unsigned class = GD_SIDES(at->run)[slot].criticality;
    if (((const cpu *)at->mine)->load <= spec->above[class]) {
        gd_serve_count(at, BELOW);
        return GD_OK;
    }
    gd_serve_count(at, REFUSED);
    gd_serve_count(at, REFUSED_CLASS + class);
    return GD_SHED;
}

const gd_serve_kind gd_serve_cpu = {
    .name = "cpu",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .arrive = arrive,
    .busy = follow,
};

static const char *const signals[] = {"runnable", "busy", NULL};
#define ABOVE(word, class, value)                                                                  \
    {                                                                                              \
        .name = word, .type = GD_FIELD_FACTOR, .offset = offsetof(gd_cpu_shed_spec, above[class]), \
        .fallback = value, .min = 1, .max = 1000 * GD_SHARE_ONE,                                   \
        .help = "refuses this class above that load for each worker",                              \
        .source = "assumption; SRE book: refuse when the load average exceeds the processors"      \
    }
static const gd_field fields[] = {
    GD_FIELD_ROW(
        gd_cpu_shed_spec, signal, GD_FIELD_WORD, .words = signals, .fallback = "\"runnable\"",
        .help = "what is smoothed: who works or waits, or who works", .source = "SRE book"),
    GD_FIELD_ROW(gd_cpu_shed_spec, tau, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = GD_MS,
                 .max = GD_HOUR, .help = "time constant of the smoothing",
                 .source = "patterns 4.2 ewma_tau_s (assumption)"),
    ABOVE("critical_plus", GD_CRITICAL_PLUS, "4"),
    ABOVE("critical", GD_CRITICAL, "2"),
    ABOVE("sheddable_plus", GD_SHEDDABLE_PLUS, "1"),
    ABOVE("sheddable", GD_SHEDDABLE, "0.8"),
    {0},
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_cpu_shed_spec *s = spec;
    for (unsigned class = 1; class < GD_CRITICALITIES; class ++)
        if (s->above[class] > s->above[class - 1])
            gd_problem(problems, node,
                       "%s is refused above %.3g and %s above %.3g: the lower class would be "
                       "served longer; write at most %.3g for %s",
                       gd_criticality_words[class - 1], (double)s->above[class - 1] / 1e9,
                       gd_criticality_words[class], (double)s->above[class] / 1e9,
                       (double)s->above[class - 1] / 1e9, gd_criticality_words[class]);
    if (s->signal && s->above[GD_SHEDDABLE] >= GD_SHARE_ONE)
        gd_problem(problems, node,
                   "the share of busy workers is never above 1, and the lowest threshold is %.3g: "
                   "nothing would ever be refused; write less than 1, or \"signal\": \"runnable\"",
                   (double)s->above[GD_SHEDDABLE] / 1e9);
}

const gd_shape gd_cpu_shed_shape = {
    .name = "cpu",
    .help = "refuses by how busy the workers are, the lowest class first",
    .source = "Google SRE book, chapter 21",
    .bytes = sizeof(gd_cpu_shed_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Criticality shedding",
            .idea = "Say at the edge how much a request matters; under load refuse what matters "
                    "least, everywhere.",
            .cures = "Overload: goodput of what matters stays.",
            .cures_not = "Capacity shortage for what matters.",
            .price = "Refused users; every service must pass the class on unchanged.",
            .dangerous_with = "Everybody who marks everything critical; batch that retries.",
            .numbers = "Four classes; the load average is smoothed over seconds.",
            .source = "Google SRE book, chapters 21 and 22; patterns 4.4",
            .pattern = "criticality",
        },
};

const char *const gd_criticality_words[] = {"critical_plus", "critical", "sheddable_plus",
                                            "sheddable", NULL};
