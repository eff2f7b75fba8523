/* The parts of report/json.c that are files of their own. */
#pragma once

#include "models/result/result.h"
#include "report/json_writer.h"

/* Nothing for GD_NEVER. */
void gd_json_put_seconds(gd_json_writer *w, const char *key, gd_time time);
void gd_json_put_incident(gd_json_writer *w, const gd_incident *incident);
/* Operations, clients, services, calls and objectives by name, in the plan's order. */
void gd_json_put_things(gd_json_writer *w, const gd_result *result);
void gd_json_put_series(gd_json_writer *w, const gd_result *result);
