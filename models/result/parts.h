/* How a result is made: each file of this folder fills its part, in this order. */
#pragma once

#include "models/result/result.h"

/* views.c: user-visible operations and clients; services.c: services and edges. */
void gd_result_measure_views(gd_result *result, const gd_record *record);
void gd_result_measure_services(gd_result *result, const gd_record *record);
/* judge.c, recovery.c: how far users fell, how they came back. */
void gd_result_judge(gd_result *result);
void gd_result_recover(gd_result *result, const gd_result_options *options);
/* objectives.c: error budgets and how fast they burn; after the phases are known. */
void gd_result_promise(gd_result *result, const gd_record *record);
/* blast.c: whom a fault touched beyond what it was on; after the judging. */
void gd_result_spread(gd_result *result);
/* timeline.c */
void gd_result_tell(gd_result *result, const gd_record *record);
/* observe.c */
void gd_result_observe(gd_result *result, const gd_node *observed);
/* expect.c */
void gd_result_claim(gd_result *result, const gd_node *expect);

/* What users got, against what they asked, by judged window: some whole windows of the series. */
typedef struct {
    uint32_t n;        /* windows */
    uint32_t baseline; /* of them before the first fault */
    uint32_t first;    /* the one in which it begins */
    gd_span width;
    double *raw;            /* asked, as counted */
    double *asked;          /* the same, corrected for users who wait instead of asking */
    double *useful, *ratio; /* useful / asked; GD_UNKNOWN: nobody asked */
    double mean, edge;      /* of ratio over the baseline; the lower edge of its band */
    bool has_baseline;
} gd_judged;

/* A band is never narrower than 5 % of the baseline (assumption). */
#define GD_BAND_SLACK 0.95
/* Requests: one that is asked in a window and answered in the next is no sign (assumption). */
#define GD_ONE_IS_CHANCE 1

/* Of the views of one client, of one view, or (both GD_NONE) of all. Lives in `scratch`. */
gd_judged gd_judged_of(const gd_result *result, gd_arena *scratch, uint32_t client, uint32_t view);
/* Finds mean, edge and has_baseline from asked, useful and ratio. */
void gd_judged_band(gd_judged *judged, gd_arena *scratch);
/* Mean items queued at all services by judged window; *drained: the most that counts as none. */
double *gd_judged_backlog(const gd_result *result, gd_arena *scratch, const gd_judged *judged,
                          double *drained);
/* The first of two windows in a row, within [from, to), that lie below `edge` by more than one
 * request, or without any answer; windows in which nobody asked are passed over. GD_NONE when there
 * are none. */
uint32_t gd_judged_first_out(const gd_judged *judged, uint32_t from, uint32_t to, double edge);
/* waiting.c: the windows in which users of a client are stuck in one operation, or (`view` GD_NONE)
 * in any of them; NULL for a client whose users do not wait. */
bool *gd_judged_stuck(const gd_result *result, gd_arena *scratch, const gd_judged *judged,
                      uint32_t client, uint32_t view);
/* Judged windows that `span` needs, rounded up. */
uint32_t gd_judged_windows(const gd_judged *judged, gd_span span);

gd_latency gd_latency_of(const gd_hist *hist, const gd_hist_pool *pool);
/* The service that a call site leads to; GD_NONE when there are several (one_of). */
uint32_t gd_site_callee(const gd_plan *plan, const gd_plan_site *site);
uint32_t *gd_series_copy(const gd_result *result, const uint32_t *from); /* zeros for NULL */
/* a / b; GD_UNKNOWN when b is 0. */
double gd_ratio(double a, double b);
double gd_seconds(gd_span span);
/* "12.5": at most `digits` significant ones, whatever the locale. */
const char *gd_number_text(gd_arena *arena, double value, int digits);
