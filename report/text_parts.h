/* The parts of report/text.c that are files of their own. */
#pragma once

#include "report/text.h"

/* Goodput, failures and p99, faults marked under them; of many operations, those that fell. */
void gd_text_put_series(gd_sheet *sheet, const gd_result *result);
void gd_text_put_observations(gd_sheet *sheet, const gd_result *result);
void gd_text_put_views(gd_sheet *sheet, const gd_result *result);
/* Objectives and their error budgets; nothing when there are none. */
void gd_text_put_objectives(gd_sheet *sheet, const gd_result *result);
void gd_text_put_services(gd_sheet *sheet, const gd_result *result);
/* What the run's mechanisms counted as reasons to do nothing. */
void gd_text_put_reasons(gd_sheet *sheet, const gd_result *result);
/* Calls that failed, were tried again or met an open breaker; nothing when there are none. */
void gd_text_put_calls(gd_sheet *sheet, const gd_result *result);
