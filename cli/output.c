#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct gd_output {
    char *path, *folder;
    char *interim; /* the name it is written under; listed in `interims` until it is gone */
    FILE *file;
    bool force;
    int failed; /* the first errno */
};

/* Names for the signal handler. A command has at most four files open at once. */
static char *volatile interims[4];

static void list(char *from, char *to)
{
    for (size_t i = 0; i < G_N_ELEMENTS(interims); i++) {
        if (interims[i] == from) {
            interims[i] = to;
            return;
        }
    }
    g_assert_not_reached();
}

void gd_output_abandon_all(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(interims); i++) {
        if (interims[i])
            unlink(interims[i]);
    }
}

static bool refuse(const char *path, int code, const char *why, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(code), "%s: %s", path,
                why ? why : g_strerror(code));
    return false;
}

/* Also run right before the file appears: what came to be there meanwhile is not ours either. */
static bool may_take(const char *path, bool force, GError **error)
{
    struct stat there;
    if (lstat(path, &there) != 0)
        return errno == ENOENT || refuse(path, errno, NULL, error);
    if (!S_ISREG(there.st_mode))
        return refuse(path, EINVAL, "exists and is no regular file", error);
    return force || refuse(path, EEXIST, "exists; --force replaces it", error);
}

gd_output *gd_output_open(const char *path, bool force, GError **error)
{
    if (!may_take(path, force, error))
        return NULL;
    g_autofree char *folder = g_path_get_dirname(path), *base = g_path_get_basename(path);
    g_autofree char *name = g_strdup_printf(".%s.XXXXXX", base);
    g_autofree char *interim = g_build_filename(folder, name, NULL);
    int fd = g_mkstemp_full(interim, O_WRONLY | O_CLOEXEC, 0666); /* O_CREAT | O_EXCL are its own */
    if (fd < 0) {
        refuse(path, errno, NULL, error);
        return NULL;
    }
    gd_output *output = g_new0(gd_output, 1);
    output->path = g_strdup(path);
    output->folder = g_steal_pointer(&folder);
    output->interim = g_steal_pointer(&interim);
    list(NULL, output->interim);
    output->file = fdopen(fd, "w");
    output->force = force;
    g_assert(output->file);
    return output;
}

static void keep(gd_output *output, bool ok)
{
    if (!ok && !output->failed)
        output->failed = errno ? errno : EIO;
}

void gd_output_write(gd_output *output, const char *text, gsize length)
{
    errno = 0;
    keep(output, fwrite(text, 1, length, output->file) == length);
}

/* So that the new name survives a power cut. Some file systems cannot sync a folder: not an error.
 */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

/* link() refuses an existing name at that very moment, rename() does not; a file system without
 * links has to do with the check before. */
static int appear(gd_output *output)
{
    if (!output->force) {
        if (link(output->interim, output->path) == 0)
            return unlink(output->interim) == 0 ? 0 : errno;
        if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
            return errno;
    }
    return rename(output->interim, output->path) == 0 ? 0 : errno;
}

static void close_interim(gd_output *output)
{
    errno = 0;
    keep(output, fflush(output->file) == 0);
    errno = 0;
    keep(output, fsync(fileno(output->file)) == 0 || errno == EINVAL);
    errno = 0;
    keep(output, fclose(output->file) == 0);
    output->file = NULL;
}

bool gd_output_commit(gd_output *output, GError **error)
{
    close_interim(output);
    if (output->failed)
        return refuse(output->path, output->failed, NULL, error);
    if (!may_take(output->path, output->force, error))
        return false;
    int failed = appear(output);
    if (failed)
        return refuse(output->path, failed, NULL, error);
    list(output->interim, NULL);
    g_clear_pointer(&output->interim, g_free);
    sync_folder(output->folder);
    return true;
}

void gd_output_free(gd_output *output)
{
    if (output->file)
        fclose(output->file);
    if (output->interim) {
        unlink(output->interim);
        list(output->interim, NULL);
        g_free(output->interim);
    }
    g_free(output->path);
    g_free(output->folder);
    g_free(output);
}
