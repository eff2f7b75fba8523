#include "report/text_verify.h"

#include "report/text_number.h"

enum { MARK = 6 };

/* "96.0% of seeds [86.5%, 98.9%]" */
static char *print_share(uint32_t held, uint32_t seeds, gd_interval share)
{
    g_autofree char *mean = gd_text_percent((double)held / seeds);
    g_autofree char *low = gd_text_percent(share.low), *high = gd_text_percent(share.high);
    return g_strdup_printf("%s [%s, %s]", mean, low, high);
}

static void put_foreign(gd_sheet *sheet, gd_ink ink, unsigned indent, const char *text)
{
    g_autofree char *safe = gd_text_escape(text, sheet->form.utf8);
    gd_sheet_wrap(sheet, ink, indent, safe);
}

static void put_claim(gd_sheet *sheet, const gd_verified *verified, const gd_verified_claim *claim)
{
    gd_sheet_printf(sheet, claim->passed ? GD_INK_GOOD : GD_INK_BAD, "  %-*s", MARK - 2,
                    claim->passed ? "ok" : "NO");
    g_autofree char *head = g_strdup_printf("%s: %s", claim->name, claim->text);
    put_foreign(sheet, GD_INK_PLAIN, MARK, head);

    g_autofree char *share = print_share(claim->held, verified->seeds, claim->share);
    g_autofree char *control =
        print_share(claim->held_in_control, verified->seeds, claim->control_share);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "holds in %s of the seeds, in the control in %s", share, control);
    if (claim->unknown)
        g_string_append_printf(line, "; cannot be told in %u", claim->unknown);
    if (claim->expect_not)
        g_string_append(line, claim->separates ? "; must fail there, and does"
                                               : "; must fail there, and does not");
    gd_sheet_pad(sheet, MARK);
    gd_sheet_wrap(sheet, GD_INK_DIM, MARK, line->str);
}

static void append_good(GString *line, const gd_verified_try *tried)
{
    bool since = gd_is_known(tried->good_without[GD_SINCE]);
    unsigned phase = since ? GD_SINCE : GD_ALL;
    g_autofree char *without = gd_text_percent(tried->good_without[phase]);
    g_autofree char *with = gd_text_percent(tried->good_with[phase]);
    g_string_append_printf(line, ": good answers%s: %s instead of %s",
                           since ? " from the fault to the end" : "", with, without);
}

static void put_try(gd_sheet *sheet, const gd_verified_try *tried)
{
    g_autoptr(GString) line = g_string_new("try ");
    g_string_append(line, tried->name);
    if (tried->problems) {
        g_string_append_printf(line, ": %s", tried->problems);
        gd_sheet_printf(sheet, GD_INK_BAD, "  %-*s", MARK - 2, "NO");
        put_foreign(sheet, GD_INK_PLAIN, MARK, line->str);
        return;
    }
    append_good(line, tried);
    for (guint i = 0; i < tried->flips->len; i++)
        g_string_append_printf(line, "%s%s", i ? ", " : "; other verdict on ",
                               (const char *)g_ptr_array_index(tried->flips, i));
    gd_sheet_printf(sheet, GD_INK_DIM, "  %-*s", MARK - 2, "-");
    put_foreign(sheet, GD_INK_DIM, MARK, line->str);
}

char *gd_text_verified(const gd_verified *verified, gd_text_form form)
{
    gd_sheet sheet = {.text = g_string_new(NULL), .form = form};
    g_autofree char *path = gd_text_escape(verified->path, form.utf8);
    gd_sheet_put(&sheet, verified->passed ? GD_INK_GOOD : GD_INK_BAD,
                 verified->skipped  ? "skipped"
                 : verified->passed ? "passed"
                                    : "FAILED");
    gd_sheet_printf(&sheet, GD_INK_TITLE, " %s", path);
    if (verified->seeds)
        gd_sheet_printf(&sheet, GD_INK_DIM, " (%u seeds)", verified->seeds);
    if (verified->why)
        g_string_append_printf(sheet.text, ": %s", verified->why);
    g_string_append_c(sheet.text, '\n');
    for (guint i = 0; i < verified->claims->len; i++)
        put_claim(&sheet, verified, &g_array_index(verified->claims, gd_verified_claim, i));
    for (guint i = 0; i < verified->tries->len; i++)
        put_try(&sheet, &g_array_index(verified->tries, gd_verified_try, i));
    return g_string_free(sheet.text, FALSE);
}
