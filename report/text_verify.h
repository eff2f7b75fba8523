/* What verify found, for a terminal. */
#pragma once

#include "report/text_sheet.h"
#include "study/verify.h"

/* One scenario. Ends in a newline. Owned by the caller. */
char *gd_text_verified(const gd_verified *verified, gd_text_form form);
