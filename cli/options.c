#include "cli/options.h"

#include "cli/say.h"

#include <string.h>

/* GOption would take "-j4" as -j with the next argument. Owned by the caller. */
static char **split_short_numbers(int argc, char **argv)
{
    GPtrArray *out = g_ptr_array_new();
    bool options = true;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        options = options && strcmp(arg, "--") != 0;
        if (options && arg[0] == '-' && g_ascii_isalpha(arg[1]) && g_ascii_isdigit(arg[2])) {
            g_ptr_array_add(out, g_strndup(arg, 2));
            arg += 2;
        }
        g_ptr_array_add(out, g_strdup(arg));
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(out, FALSE);
}

static bool count_arguments(char **arguments, const gd_usage *usage)
{
    int n = (int)g_strv_length(arguments);
    if (n < usage->min) {
        gd_say("%s missing; see %s --help", usage->arguments, g_get_prgname());
        return false;
    }
    if (usage->max >= 0 && n > usage->max) {
        gd_say("one argument too many: %s; see %s --help", arguments[usage->max], g_get_prgname());
        return false;
    }
    return true;
}

static void remove_at(char **strings, size_t i)
{
    g_free(strings[i]);
    memmove(strings + i, strings + i + 1, (g_strv_length(strings + i + 1) + 1) * sizeof *strings);
}

char **gd_options_take(int argc, char **argv, const GOptionEntry *entries, const gd_usage *usage,
                       int *status)
{
    gboolean help = FALSE;
    const GOptionEntry own[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "print this", NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(usage->arguments);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, usage->purpose);
    g_option_context_set_description(context, usage->examples);
    if (entries)
        g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, own, NULL);

    g_autoptr(GError) error = NULL;
    g_auto(GStrv) split = split_short_numbers(argc, argv);
    *status = GD_EXIT_USAGE;
    if (!g_option_context_parse_strv(context, &split, &error)) {
        gd_say("%s; see %s --help", error->message, g_get_prgname());
        return NULL;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        *status = gd_print_text(text) ? GD_EXIT_OK : GD_EXIT_IO;
        return NULL;
    }
    remove_at(split, 0);
    for (size_t i = 0; split[i]; i++) {
        if (strcmp(split[i], "--") == 0) {
            remove_at(split, i);
            break;
        }
    }
    return count_arguments(split, usage) ? g_steal_pointer(&split) : NULL;
}
