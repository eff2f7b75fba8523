/* The library of scenarios on a terminal: by topic a line each, or by what they teach. */
#pragma once

#include "models/concept/concept.h"
#include "report/text_sheet.h"
#include "study/library.h"

/* Both end in a newline. Owned by the caller. */
char *gd_text_library(const gd_library *library, gd_text_form form);
char *gd_text_patterns(const gd_library *library, gd_text_form form);
/* One concept on one screen; `library` NULL: without its scenarios. */
char *gd_text_concept(const gd_concept_entry *entry, const gd_library *library, gd_text_form form);
/* All concepts by topic. */
char *gd_text_concepts(const GPtrArray *concepts, gd_text_form form);
