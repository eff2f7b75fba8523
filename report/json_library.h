#pragma once

#include "study/library.h"

/* The library, for programs. Owned by the caller. */
GString *gd_json_library(const gd_library *library);
