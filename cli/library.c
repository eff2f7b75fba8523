#include "cli/library.h"

#include <string.h>

/* The folder in which the program lies; NULL where the system does not say. */
static char *program_folder(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    return program ? g_path_get_dirname(program) : NULL;
}

/* Moved as a whole, an installation still finds its own; a program of a build folder, that of the
 * sources it was made from. */
char *gd_library_find(void)
{
    g_autofree char *here = program_folder();
    g_autofree char *moved =
        here ? g_build_filename(here, "..", "share", "gameday", "scenarios", NULL) : NULL;
    const char *const places[] = {moved ? moved : "", GD_LIBRARY_BESIDE, GD_LIBRARY_INSTALLED};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (*places[i] && g_file_test(places[i], G_FILE_TEST_IS_DIR))
            return g_canonicalize_filename(places[i], "/");
    return NULL;
}

char *gd_library_resolve(const char *path)
{
    if (strchr(path, '/') || strchr(path, '.') || strcmp(path, "-") == 0 ||
        g_file_test(path, G_FILE_TEST_EXISTS))
        return g_strdup(path);
    g_autofree char *folder = gd_library_find();
    g_autofree char *file = g_strconcat(path, ".json", NULL);
    g_autofree char *found = folder ? g_build_filename(folder, file, NULL) : NULL;
    return found && g_file_test(found, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&found)
                                                               : g_strdup(path);
}
