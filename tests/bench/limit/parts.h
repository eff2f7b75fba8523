/* What the hand-written limit is made of: random numbers, variates, a histogram, clocks.
 *
 * Sources: xoshiro256++ and SplitMix64 after Blackman and Vigna; the exponential ziggurat with 256
 * layers after Marsaglia and Tsang (2000). All of it in one file so that the compiler sees all of
 * it.
 */
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define LAYERS     256
#define TAIL       7.69711747013104972      /* where the ziggurat's last layer begins */
#define LAYER_AREA 3.9496598225815571993e-3 /* of each layer */

static uint64_t random_state[4];
static uint64_t layer_edge[LAYERS];
static double layer_width[LAYERS], layer_height[LAYERS];

static inline uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static inline uint64_t random_word(void)
{
    uint64_t *s = random_state;
    uint64_t word = rotate_left(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return word;
}

static uint64_t split_mix(uint64_t *x)
{
    uint64_t z = (*x += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static void random_seed(uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random_state[i] = split_mix(&seed);
}

/* In (0, 1]. */
static inline double random_share(void)
{
    return (double)((random_word() >> 11) + 1) * 0x1.0p-53;
}

static void ziggurat_init(void)
{
    const double scale = 0x1.0p53, base = LAYER_AREA / exp(-TAIL);
    double edge = TAIL, above = TAIL;
    layer_edge[0] = (uint64_t)(edge / base * scale);
    layer_edge[1] = 0;
    layer_width[0] = base / scale;
    layer_width[LAYERS - 1] = edge / scale;
    layer_height[0] = 1;
    layer_height[LAYERS - 1] = exp(-edge);
    for (int i = LAYERS - 2; i >= 1; i--) {
        edge = -log(LAYER_AREA / edge + exp(-edge));
        layer_edge[i + 1] = (uint64_t)(edge / above * scale);
        above = edge;
        layer_height[i] = exp(-edge);
        layer_width[i] = edge / scale;
    }
}

static double exponential_slow(uint64_t mantissa, int layer)
{
    for (;;) {
        if (layer == 0)
            return TAIL - log(random_share());
        double x = (double)mantissa * layer_width[layer];
        double low = layer_height[layer], high = layer_height[layer - 1];
        if (low + random_share() * (high - low) < exp(-x))
            return x;
        uint64_t word = random_word();
        layer = word & (LAYERS - 1);
        mantissa = word >> 11;
        if (mantissa < layer_edge[layer])
            return (double)mantissa * layer_width[layer];
    }
}

/* Exponential with mean 1. */
static inline double exponential(void)
{
    uint64_t word = random_word(), mantissa = word >> 11;
    int layer = word & (LAYERS - 1);
    if (__builtin_expect(mantissa < layer_edge[layer], 1))
        return (double)mantissa * layer_width[layer];
    return exponential_slow(mantissa, layer);
}

/* Log-linear histogram of int64 ns: 128 buckets an octave, so 0.8 % wide, up to 2^43 ns. */
#define OCTAVES 38
#define BUCKETS (OCTAVES * 128)
typedef uint32_t histogram[BUCKETS];

static inline int bucket_of(int64_t ns)
{
    if (ns < 128)
        return ns < 0 ? 0 : (int)ns;
    int octave = 63 - __builtin_clzll((uint64_t)ns);
    int bucket = ((octave - 6) << 7) | (int)((ns >> (octave - 7)) & 127);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static inline double quantile(const histogram counts, double q)
{
    uint64_t all = 0, below = 0;
    for (int i = 0; i < BUCKETS; i++)
        all += counts[i];
    uint64_t wanted = (uint64_t)(q * (double)all);
    for (int i = 0; i < BUCKETS; i++) {
        below += counts[i];
        if (below > wanted)
            return i < 128 ? i : ((128 | (i & 127)) + 0.5) * ldexp(1, (i >> 7) + 6 - 7);
    }
    return 0;
}

static inline double seconds_on(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline long peak_rss_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}
