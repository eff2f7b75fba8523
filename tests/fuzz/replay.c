/* Plays a corpus to a fuzz target without libFuzzer: every file of each folder (or each file)
 * named. So what a fuzzer once found is held by every test run, with any compiler.
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The number of inputs played; -1 when one could not be read. */
static int play(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (folder) {
        int played = 0;
        for (const char *name; (name = g_dir_read_name(folder));) {
            g_autofree char *inner = g_build_filename(path, name, NULL);
            int more = play(inner);
            if (more < 0)
                return -1;
            played += more;
        }
        return played;
    }

    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;
    if (!g_file_get_contents(path, &text, &size, &error)) {
        g_printerr("%s\n", error->message);
        return -1;
    }
    /* A copy of exactly the right size: g_file_get_contents adds a NUL that would hide an overrun.
     */
    g_autofree uint8_t *data = g_memdup2(text, size);
    LLVMFuzzerTestOneInput(data, size);
    return 1;
}

int main(int argc, char **argv)
{
    int played = 0;
    for (int i = 1; i < argc; i++) {
        int more = play(argv[i]);
        if (more < 0)
            return EXIT_FAILURE;
        played += more;
    }
    g_print("replayed %d inputs\n", played);
    return played > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
