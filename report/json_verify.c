#include "report/json_verify.h"

#include "report/json_writer.h"

static void put_share(gd_json_writer *writer, const char *key, uint32_t held, uint32_t seeds,
                      gd_interval share)
{
    gd_json_open(writer, key, '{');
    gd_json_put_count(writer, "seeds", held);
    gd_json_put_number(writer, "share_ratio", seeds ? (double)held / seeds : 0);
    gd_json_put_number(writer, "low_ratio", share.low);
    gd_json_put_number(writer, "high_ratio", share.high);
    gd_json_close(writer, '}');
}

static void put_claim(gd_json_writer *writer, const gd_verified *verified,
                      const gd_verified_claim *claim)
{
    gd_json_open(writer, claim->name, '{');
    gd_json_put_text(writer, "text", claim->text);
    gd_json_put_truth(writer, "passed", claim->passed);
    gd_json_put_truth(writer, "expect_not", claim->expect_not);
    gd_json_put_truth(writer, "separates", claim->separates);
    gd_json_put_count(writer, "unknown", claim->unknown);
    put_share(writer, "holds", claim->held, verified->seeds, claim->share);
    put_share(writer, "holds_in_control", claim->held_in_control, verified->seeds,
              claim->control_share);
    gd_json_close(writer, '}');
}

static void put_good(gd_json_writer *writer, const char *key, const double good_ratio[GD_SINCE + 1])
{
    static const char *const phases[] = {"before_ratio", "during_ratio", "after_ratio", "all_ratio",
                                         "since_fault_ratio"};
    gd_json_open(writer, key, '{');
    for (unsigned phase = 0; phase <= GD_SINCE; phase++)
        gd_json_put_number(writer, phases[phase], good_ratio[phase]);
    gd_json_close(writer, '}');
}

static void put_try(gd_json_writer *writer, const gd_verified_try *tried)
{
    gd_json_open(writer, tried->name, '{');
    gd_json_put_text(writer, "say", tried->say);
    gd_json_put_text(writer, "problems", tried->problems);
    if (!tried->problems) {
        put_good(writer, "good_with", tried->good_with);
        put_good(writer, "good_without", tried->good_without);
    }
    gd_json_open(writer, "other_verdict", '[');
    for (guint i = 0; i < tried->flips->len; i++)
        gd_json_put_text(writer, NULL, g_ptr_array_index(tried->flips, i));
    gd_json_close(writer, ']');
    gd_json_close(writer, '}');
}

static void put_scenario(gd_json_writer *writer, const gd_verified *verified)
{
    gd_json_open(writer, NULL, '{');
    gd_json_put_text(writer, "file", verified->path);
    gd_json_put_text(writer, "name", verified->name);
    gd_json_put_truth(writer, "passed", verified->passed);
    gd_json_put_truth(writer, "skipped", verified->skipped);
    gd_json_put_text(writer, "why", verified->why);
    gd_json_put_text(writer, "problems", verified->problems);
    gd_json_put_count(writer, "seeds", verified->seeds);
    gd_json_put_count(writer, "partial", verified->partial);
    gd_json_open(writer, "claims", '{');
    for (guint i = 0; i < verified->claims->len; i++)
        put_claim(writer, verified, &g_array_index(verified->claims, gd_verified_claim, i));
    gd_json_close(writer, '}');
    gd_json_open(writer, "tries", '{');
    for (guint i = 0; i < verified->tries->len; i++)
        put_try(writer, &g_array_index(verified->tries, gd_verified_try, i));
    gd_json_close(writer, '}');
    gd_json_close(writer, '}');
}

GString *gd_json_verified(const gd_verified *const *verified, unsigned n)
{
    gd_json_writer writer = {.text = g_string_new(NULL), .pretty = true};
    unsigned passed = 0, skipped = 0;
    for (unsigned i = 0; i < n; i++) {
        skipped += verified[i]->skipped;
        passed += verified[i]->passed && !verified[i]->skipped;
    }
    gd_json_open(&writer, NULL, '{');
    gd_json_put_count(&writer, "gameday", 1);
    gd_json_put_count(&writer, "passed", passed);
    gd_json_put_count(&writer, "failed", n - passed - skipped);
    gd_json_open(&writer, "scenarios", '[');
    for (unsigned i = 0; i < n; i++)
        put_scenario(&writer, verified[i]);
    gd_json_close(&writer, ']');
    gd_json_close(&writer, '}');
    g_string_append_c(writer.text, '\n');
    return writer.text;
}
