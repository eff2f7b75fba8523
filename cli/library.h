/* Where the library of scenarios is: installed beside the program, or in the source tree. */
#pragma once

#include "study/library.h"

/* NULL: there is none. Owned by the caller. */
char *gd_library_find(void);
/* `path` as it is when it is a file, has a folder or an ending; else the library's scenario of that
 * name, when there is one. Owned by the caller. */
char *gd_library_resolve(const char *path);
