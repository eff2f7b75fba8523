/* Another program that uses libgameday: runs a scenario from a seed and prints the result as JSON.
 * scripts/test builds it against what `meson install` has installed, with pkg-config's flags only.
 *
 *     consumer SCENARIO SEED
 */
#include "report/json.h"
#include "study/run.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(gd_documents) documents = gd_documents_load(argv[1], NULL, NULL, problems);
    gd_compile_options options = {.scale = GD_SHARE_ONE};
    g_autoptr(gd_arm) arm = documents ? gd_arm_new(documents, &options, problems) : NULL;
    if (!arm) {
        g_autofree char *text = gd_problems_print(problems);
        g_printerr("%s", text);
        return 3;
    }
    gd_run *run = gd_run_new(arm->plan, strtoull(argv[2], NULL, 10));
    g_autoptr(gd_result) result = gd_arm_play(arm, run, NULL, NULL);
    GString *json = gd_json_write(result, true);
    g_print("%s", json->str);
    g_string_free(json, TRUE);
    gd_run_free(run);
    return 0;
}
