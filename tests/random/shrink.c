/* A failing model made small: members and elements go, one after the other, as long as what is left
 * still fails; then values are made simple. Documents that are refused do not fail. */
#include "tests/random/model.h"

#include <cjson/cJSON.h>
#include <string.h>

/* The n-th value below `root` in document order, with its parent; counts *n down. */
static cJSON *find(cJSON *root, int *n, cJSON **parent)
{
    for (cJSON *child = root->child; child; child = child->next) {
        *parent = root;
        if ((*n)-- == 0)
            return child;
        cJSON *below = find(child, n, parent);
        if (below)
            return below;
    }
    return NULL;
}

/* The text without its n-th value, or with a simpler one; NULL when there is none such. */
static char *simpler(const char *text, int n, bool unwrap)
{
    cJSON *root = cJSON_Parse(text), *parent = NULL;
    cJSON *value = root ? find(root, &n, &parent) : NULL;
    char *out = NULL;
    if (value && !unwrap) {
        cJSON_Delete(cJSON_DetachItemViaPointer(parent, value));
        out = cJSON_PrintUnformatted(root);
    } else if (value) { /* its only child stands in its place */
        cJSON *child = value->child;
        if (child && !child->next) {
            cJSON_DetachItemViaPointer(value, child);
            cJSON_free(child->string);
            child->string = NULL;
            if (parent->type == cJSON_Array)
                cJSON_ReplaceItemViaPointer(parent, value, child);
            else
                cJSON_ReplaceItemInObjectCaseSensitive(parent, value->string, child);
        }
        out = cJSON_PrintUnformatted(root);
    }
    cJSON_Delete(root);
    return out;
}

/* One pass over a document; true when something went. */
static bool pass(gd_random *documents, char **text, gd_random_fails fails, bool unwrap)
{
    bool better = false;
    for (int n = 0;; n++) {
        char *less = simpler(*text, n, unwrap), *before = *text;
        if (!less)
            return better;
        *text = less;
        if (strlen(less) < strlen(before) && fails(documents)) {
            g_free(before);
            better = true;
            n--;
        } else {
            *text = before;
            g_free(less);
        }
    }
}

gd_random *gd_random_shrink(const gd_random *documents, gd_random_fails fails)
{
    gd_random *less = gd_random_copy(documents);
    bool better = true;
    while (better) {
        better = pass(less, &less->scenario, fails, false);
        better |= pass(less, &less->model, fails, false);
        better |= pass(less, &less->model, fails, true);
    }
    return less;
}
