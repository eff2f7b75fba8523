/* What there is to say of a distribution: mean, quantiles, a line of text. Doubles and GSL, for
 * people and tests; nothing here reaches an event. */
#include "sim/dist.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

static double nano(int64_t value)
{
    return (double)value / 1e9;
}

static double weight_of(const gd_dist_spec *spec, uint32_t i)
{
    return spec->weights ? (double)spec->weights[i] : 1;
}

static double total_weight(const gd_dist_spec *spec)
{
    double total = 0;
    for (uint32_t i = 0; i < spec->parts; i++)
        total += weight_of(spec, i);
    return total;
}

static double get_exponential_mean(const gd_dist_spec *spec)
{
    return spec->mean ? (double)spec->mean : (double)spec->median / M_LN2;
}

static void get_lognormal(const gd_dist_spec *spec, double *mu, double *sigma)
{
    if (spec->p99)
        *sigma = log((double)spec->p99 / (double)spec->median) / gsl_cdf_ugaussian_Pinv(0.99);
    else if (spec->sigma)
        *sigma = nano(spec->sigma);
    else
        *sigma = sqrt(log1p(nano(spec->cv) * nano(spec->cv)));
    *mu = spec->median ? log((double)spec->median) : log((double)spec->mean) - *sigma * *sigma / 2;
}

static double get_normal_sd(const gd_dist_spec *spec)
{
    return spec->sd ? (double)spec->sd : (double)spec->mean * nano(spec->cv);
}

static double get_gamma_shape(const gd_dist_spec *spec)
{
    if (spec->kind == GD_DIST_ERLANG)
        return spec->stages;
    return spec->shape ? nano(spec->shape) : 1 / (nano(spec->cv) * nano(spec->cv));
}

static double get_weibull_scale(const gd_dist_spec *spec)
{
    double inverse = 1 / nano(spec->shape);
    return spec->mean ? (double)spec->mean / gsl_sf_gamma(1 + inverse)
                      : (double)spec->median / pow(M_LN2, inverse);
}

static double get_pareto_low(const gd_dist_spec *spec)
{
    double a = nano(spec->shape);
    if (spec->mean)
        return (double)spec->mean * (a - 1) / a;
    return spec->median ? (double)spec->median / pow(2, 1 / a) : (double)spec->min;
}

/* Weights and means of the branches; two balanced ones when only mean and cv were said. */
static uint32_t get_branches(const gd_dist_spec *spec, uint32_t i, double *weight, double *mean)
{
    if (spec->parts) {
        *weight = weight_of(spec, i) / total_weight(spec);
        *mean = (double)spec->values[i];
        return spec->parts;
    }
    double square = nano(spec->cv) * nano(spec->cv);
    double p = (1 + sqrt((square - 1) / (square + 1))) / 2;
    *weight = i == 0 ? p : 1 - p;
    *mean = (double)spec->mean / (2 * *weight);
    return 2;
}

/* The curve of `quantiles`: the knot that governs z, and the value there before any bound. */
static double get_curve(const gd_dist_spec *spec, double z)
{
    double z0 = 0, y0 = 0, z1 = 0, y1 = 0;
    uint32_t knots = 0;
    for (uint32_t i = 0; i < spec->parts && (knots < 2 || z >= z1); i++) {
        if (spec->ps[i] <= 0 || spec->ps[i] >= GD_SHARE_ONE)
            continue;
        z0 = z1;
        y0 = y1;
        z1 = gsl_cdf_ugaussian_Pinv(nano(spec->ps[i]));
        y1 = log((double)spec->values[i]);
        knots++;
    }
    return exp(y0 + (y1 - y0) * (z - z0) / (z1 - z0));
}

static void get_bounds(const gd_dist_spec *spec, double *low, double *high)
{
    *low = (double)MAX(spec->min, 0);
    *high = spec->max > 0 ? (double)spec->max : (double)GD_NEVER;
    if (spec->ps[0] == 0)
        *low = fmax(*low, (double)spec->values[0]);
    if (spec->ps[spec->parts - 1] == GD_SHARE_ONE)
        *high = fmin(*high, (double)spec->values[spec->parts - 1]);
}

static double get_curve_value(const gd_dist_spec *spec, double z)
{
    double low, high;
    get_bounds(spec, &low, &high);
    return fmin(fmax(get_curve(spec, z), low), high);
}

/* Simpson's rule over z, in steps of 1/200: the values are bounded by 63 bits. */
static double get_quantiles_mean(const gd_dist_spec *spec)
{
    enum { STEPS = 4000 };
    const double from = -10, width = 20.0 / STEPS;
    double sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        double z = from + i * width;
        double factor = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        sum += factor * get_curve_value(spec, z) * exp(-z * z / 2);
    }
    return sum * width / 3 / sqrt(2 * M_PI);
}

static double get_quantiles_cdf(const gd_dist_spec *spec, double x)
{
    double low = -40, high = 40; /* z; the curve is monotone */
    if (get_curve_value(spec, high) <= x)
        return 1;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (get_curve_value(spec, middle) <= x)
            low = middle;
        else
            high = middle;
    }
    return gsl_cdf_ugaussian_P(low);
}

static double get_zipf_sum(const gd_dist_spec *spec, uint32_t last, double power)
{
    double sum = 0;
    for (uint32_t k = last; k >= 1; k--) /* the small ones first */
        sum += pow(k, power - nano(spec->s));
    return sum;
}

static double get_pareto_mean(const gd_dist_spec *spec)
{
    double a = nano(spec->shape), low = get_pareto_low(spec), high = (double)spec->max;
    if (!spec->max)
        return a > 1 ? low * a / (a - 1) : INFINITY;
    double r = pow(low / high, a);
    if (fabs(a - 1) < 1e-9)
        return low * log(high / low) / (1 - r);
    return a / (a - 1) * (low - high * r) / (1 - r);
}

/* E max(X, 0) for a normal X. */
static double get_normal_mean(const gd_dist_spec *spec)
{
    double mean = (double)spec->mean, sd = get_normal_sd(spec), z = mean / sd;
    return mean * gsl_cdf_ugaussian_P(z) + sd * exp(-z * z / 2) / sqrt(2 * M_PI);
}

double gd_dist_get_mean(const gd_dist_spec *spec)
{
    double mu, sigma, weight, part, sum = 0;
    switch (spec->kind) {
    case GD_DIST_CONSTANT:
        return (double)spec->value;
    case GD_DIST_UNIFORM:
        return ((double)spec->low + (double)spec->high) / 2;
    case GD_DIST_EXPONENTIAL:
        return get_exponential_mean(spec);
    case GD_DIST_LOGNORMAL:
        get_lognormal(spec, &mu, &sigma);
        return exp(mu + sigma * sigma / 2);
    case GD_DIST_NORMAL:
        return get_normal_mean(spec);
    case GD_DIST_ERLANG:
    case GD_DIST_GAMMA:
        return (double)spec->mean;
    case GD_DIST_WEIBULL:
        return get_weibull_scale(spec) * gsl_sf_gamma(1 + 1 / nano(spec->shape));
    case GD_DIST_PARETO:
        return get_pareto_mean(spec);
    case GD_DIST_HYPEREXPONENTIAL:
        for (uint32_t i = 0, n = 1; i < n; i++) {
            n = get_branches(spec, i, &weight, &part);
            sum += weight * part;
        }
        return sum;
    case GD_DIST_GEOMETRIC:
        return nano(spec->mean_count);
    case GD_DIST_ZIPF:
        return get_zipf_sum(spec, spec->n, 1) / get_zipf_sum(spec, spec->n, 0);
    case GD_DIST_MIXTURE:
        for (uint32_t i = 0; i < spec->parts; i++)
            if (weight_of(spec, i) > 0)
                sum += weight_of(spec, i) * gd_dist_get_mean(&spec->components[i]);
        return sum / total_weight(spec);
    case GD_DIST_EMPIRICAL:
        for (uint32_t i = 0; i < spec->parts; i++)
            sum += weight_of(spec, i) * (double)spec->values[i];
        return sum / total_weight(spec);
    case GD_DIST_QUANTILES:
        return get_quantiles_mean(spec);
    case GD_DIST_KINDS:
        break;
    }
    g_assert_not_reached();
}

static double get_pareto_cdf(const gd_dist_spec *spec, double x)
{
    double a = nano(spec->shape), low = get_pareto_low(spec), high = (double)spec->max;
    if (x <= low)
        return 0;
    if (!spec->max)
        return 1 - pow(low / x, a);
    return x >= high ? 1 : (1 - pow(low / x, a)) / (1 - pow(low / high, a));
}

static double get_uniform_cdf(const gd_dist_spec *spec, double x)
{
    double low = (double)spec->low, count = (double)(spec->high - spec->low) + 1;
    return fmin(fmax((floor(x) - low + 1) / count, 0), 1);
}

/* Those that add up parts. */
static double get_sum_cdf(const gd_dist_spec *spec, double x)
{
    double sum = 0, weight, mean;
    if (spec->kind == GD_DIST_HYPEREXPONENTIAL) {
        for (uint32_t i = 0, n = 1; i < n; i++) {
            n = get_branches(spec, i, &weight, &mean);
            sum += weight > 0 ? weight * gsl_cdf_exponential_P(x, mean) : 0;
        }
        return sum;
    }
    for (uint32_t i = 0; i < spec->parts; i++) {
        if (weight_of(spec, i) == 0)
            continue;
        if (spec->kind == GD_DIST_MIXTURE)
            sum += weight_of(spec, i) * gd_dist_get_cdf(&spec->components[i], x);
        else
            sum += weight_of(spec, i) * ((double)spec->values[i] <= x);
    }
    return sum / total_weight(spec);
}

double gd_dist_get_cdf(const gd_dist_spec *spec, double x)
{
    double mu, sigma;
    if (x < 0)
        return 0;
    switch (spec->kind) {
    case GD_DIST_CONSTANT:
        return x >= (double)spec->value;
    case GD_DIST_UNIFORM:
        return get_uniform_cdf(spec, x);
    case GD_DIST_EXPONENTIAL:
        return gsl_cdf_exponential_P(x, get_exponential_mean(spec));
    case GD_DIST_LOGNORMAL:
        get_lognormal(spec, &mu, &sigma);
        return x <= 0 ? 0 : gsl_cdf_lognormal_P(x, mu, sigma);
    case GD_DIST_NORMAL:
        return gsl_cdf_gaussian_P(x - (double)spec->mean, get_normal_sd(spec));
    case GD_DIST_ERLANG:
    case GD_DIST_GAMMA:
        mu = get_gamma_shape(spec);
        return gsl_cdf_gamma_P(x, mu, (double)spec->mean / mu);
    case GD_DIST_WEIBULL:
        return gsl_cdf_weibull_P(x, get_weibull_scale(spec), nano(spec->shape));
    case GD_DIST_PARETO:
        return get_pareto_cdf(spec, x);
    case GD_DIST_GEOMETRIC:
        return x < 1 ? 0 : -expm1(floor(x) * log1p(-1 / nano(spec->mean_count)));
    case GD_DIST_ZIPF:
        return x < 1 ? 0
                     : get_zipf_sum(spec, (uint32_t)fmin(x, spec->n), 0) /
                           get_zipf_sum(spec, spec->n, 0);
    case GD_DIST_HYPEREXPONENTIAL:
    case GD_DIST_MIXTURE:
    case GD_DIST_EMPIRICAL:
        return get_sum_cdf(spec, x);
    case GD_DIST_QUANTILES:
        return get_quantiles_cdf(spec, x);
    case GD_DIST_KINDS:
        break;
    }
    g_assert_not_reached();
}

/* Halves [0, 2^63] until the doubles are neighbours: the least x with P(value <= x) >= p. */
double gd_dist_get_quantile(const gd_dist_spec *spec, double p)
{
    if (spec->kind == GD_DIST_QUANTILES)
        return get_curve_value(spec, gsl_cdf_ugaussian_Pinv(p));
    double low = 0, high = (double)GD_NEVER;
    if (gd_dist_get_cdf(spec, low) >= p)
        return low;
    for (int i = 0; i < 140; i++) {
        double middle = (low + high) / 2;
        if (gd_dist_get_cdf(spec, middle) >= p)
            high = middle;
        else
            low = middle;
    }
    return high;
}
