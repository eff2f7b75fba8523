/* What verify found, as one JSON document. */
#pragma once

#include "study/verify.h"

/* Ends in a newline. Owned by the caller. */
GString *gd_json_verified(const gd_verified *const *verified, unsigned n);
