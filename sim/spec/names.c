#include "sim/spec/field.h"
#include "sim/spec/text.h"

#include <string.h>

bool gd_is_name(const char *text)
{
    if (!g_ascii_islower(*text))
        return false;
    size_t length = 1;
    while (g_ascii_islower(text[length]) || g_ascii_isdigit(text[length]) || text[length] == '_' ||
           text[length] == '-')
        length++;
    return !text[length] && length <= GD_LONGEST_NAME;
}

bool gd_is_address(const char *text)
{
    size_t length = 0;
    for (; text[length]; length++)
        if ((unsigned char)text[length] < 0x20 || length >= GD_LONGEST_ADDRESS)
            return false;
    return length > 0;
}

bool gd_is_remark(const char *key)
{
    return strcmp(key, "note") == 0 || strcmp(key, "$schema") == 0 || strncmp(key, "x-", 2) == 0;
}

void gd_report_unknown(gd_problems *problems, const gd_node *member, const char *const *words)
{
    g_autofree char *key = gd_text_quote(member->key);
    /* Beyond what is ever shown, nobody reads the suggestion. */
    bool worthwhile = gd_problems_count(problems) < 200;
    const char *near = worthwhile ? gd_nearest(member->key, words) : NULL;
    if (near) {
        gd_problem_key(problems, member, "no such member %s; did you mean \"%s\"?", key, near);
        return;
    }
    g_autoptr(GString) known = g_string_new(NULL);
    for (; worthwhile && *words && known->len < 160; words++)
        g_string_append_printf(known, "%s%s", known->len ? ", " : "", *words);
    if (worthwhile && *words)
        g_string_append(known, ", …");
    if (known->len)
        gd_problem_key(problems, member, "no such member %s; known here: %s", key, known->str);
    else
        gd_problem_key(problems, member, "no such member %s; nothing may stand here", key);
}
