/* What the layers of a call say together: its chain, its answers, what it does in the end. */
#include "models/compile/build.h"
#include "models/guard/fallback.h"

#include <string.h>

/* ---- what the layers say together --------------------------------------------------------- */
/* What a caller may try again: no good answer, and not the bookkeeping of a run's end. */
static bool is_failure(const char *outcome)
{
    for (int i = 0; i < GD_OUTCOMES; i++)
        if (strcmp(gd_outcome_rows[i].name, outcome) == 0)
            return !gd_outcome_rows[i].good && i != GD_UNFINISHED;
    return false;
}

static uint32_t read_on(gd_builder *b, const gd_call_spec *spec)
{
    uint32_t mask = 0;
    const gd_node *any = gd_node_said(spec->on, "any");
    for (int i = 0; i < GD_OUTCOMES; i++) {
        bool again = any && any->kind == GD_STRING ? strcmp(any->text, "retry") == 0
                                                   : gd_outcome_rows[i].retry;
        const gd_node *said = gd_node_said(spec->on, gd_outcome_rows[i].name);
        if (said && said->kind == GD_STRING)
            again = strcmp(said->text, "retry") == 0;
        if (is_failure(gd_outcome_rows[i].name) && again)
            mask |= UINT32_C(1) << i;
    }
    const gd_node *member = spec->on && spec->on->kind == GD_OBJECT ? spec->on->first : NULL;
    if (spec->on && spec->on->kind != GD_OBJECT)
        gd_problem(b->problems, spec->on,
                   "expected outcomes; write {\"timeout\": \"retry\", \"any\": \"fail\"}");
    for (; member; member = member->next) {
        const char *value = member->kind == GD_STRING ? member->text : "";
        if (gd_is_remark(member->key) || member->kind == GD_NULL)
            continue;
        if (!is_failure(member->key) && strcmp(member->key, "any") != 0)
            gd_report_unknown(b->problems, member, gd_outcome_words);
        else if (strcmp(value, "retry") != 0 && strcmp(value, "fail") != 0)
            gd_problem(b->problems, member, "expected \"retry\" or \"fail\"");
    }
    return mask;
}

static gd_fallback_kind fallback_of(const char *word)
{
    int kind = 0;
    while (kind < GD_FALLBACKS && strcmp(gd_fallback_shapes[kind]->name, word) != 0)
        kind++;
    return (gd_fallback_kind)kind;
}

/* A fallback by its kind: a word, or a member of `then`. False: it names none. */
static bool read_fallback(gd_builder *b, const gd_node *then, gd_resolved *out)
{
    const gd_node *said = then;
    gd_fallback_kind kind = GD_FALLBACKS;
    if (then->kind == GD_STRING)
        kind = fallback_of(then->text);
    for (const gd_node *m = then->kind == GD_OBJECT ? then->first : NULL; m; m = m->next) {
        if (m->kind == GD_NULL || fallback_of(m->key) == GD_FALLBACKS)
            continue;
        if (kind != GD_FALLBACKS || gd_node_said(then, "answer") || gd_node_said(then, "call"))
            gd_problem_key(b->problems, m,
                           "is one thing too many; a call that failed has one answer");
        kind = fallback_of(m->key);
        said = m;
    }
    if (kind == GD_FALLBACKS)
        return false;
    const gd_shape *shape = gd_fallback_shapes[kind];
    if (said == then)
        said = gd_node_new(b->arena, GD_OBJECT, then->key, NULL, then);
    gd_fallback_spec *spec = gd_read(&b->reader, shape, said);
    spec->kind = (uint8_t)kind;
    spec->keys_dist = gd_dist_index_of(b, spec->keys, said);
    out->then = GD_THEN_FALLBACK;
    out->fallback = spec;
    out->then_call = kind == GD_FALLBACK_QUEUE_FOR_LATER ? said : NULL;
    return true;
}

static void check_then_members(gd_builder *b, const gd_node *then)
{
    static const char *const words[] = {"answer", "call", "because", "runbook", "alert", NULL};
    for (const gd_node *member = then->first; member; member = member->next)
        if (!g_strv_contains(words, member->key) && !gd_is_remark(member->key) &&
            fallback_of(member->key) == GD_FALLBACKS)
            gd_report_unknown(b->problems, member, words);
}

static void read_then(gd_builder *b, const gd_call_spec *spec, gd_resolved *out)
{
    const gd_node *then = spec->then && spec->then->kind != GD_NULL ? spec->then : NULL;
    const gd_node *answer = gd_node_said(then, "answer"), *call = gd_node_said(then, "call");
    const char *word = then && then->kind == GD_STRING ? then->text : NULL;
    out->answer = GD_DEGRADED;
    if (spec->optional)
        out->then = GD_THEN_ANSWER;
    if (spec->optional && then)
        gd_problem(b->problems, then, "`optional` says it too; keep one of them");
    if (then && then->kind == GD_OBJECT)
        check_then_members(b, then);
    if (!then || (word && strcmp(word, "fail") == 0))
        return;
    if (read_fallback(b, then, out))
        return;
    if (word && strcmp(word, "crash") == 0) {
        out->then = GD_THEN_CRASH;
    } else if (call && call->kind == GD_STRING && !answer) {
        out->then = GD_THEN_CALL;
        out->then_call = call;
    } else if (answer && answer->kind == GD_STRING && !call &&
               (strcmp(answer->text, "ok") == 0 || strcmp(answer->text, "degraded") == 0)) {
        out->then = GD_THEN_ANSWER;
        out->answer = strcmp(answer->text, "ok") == 0 ? GD_OK : GD_DEGRADED;
    } else if (answer && call) {
        gd_problem(b->problems, then,
                   "has both answer and call; write \"answer\": null or \"call\": null");
    } else {
        gd_problem(
            b->problems, then,
            "expected \"fail\", \"crash\", {\"answer\": \"degraded\"}, {\"answer\": \"ok\"} or "
            "{\"call\": \"service.operation\"}, or a fallback by its kind: omit, fail_silent, "
            "fail_open, "
            "fail_closed, {\"default_value\": {}}, {\"stale_cache\": {}}, {\"queue_for_later\": "
            "{}}");
    }
}

/* Adds all kinds of a place, in the order of policy.def; false: there is no such place. */
static bool add_place(const char *place, int chain[GD_POLICIES], int *n)
{
    bool known = false;
    for (int kind = 0; kind < GD_POLICIES; kind++) {
        if (strcmp(gd_policy_places[kind], place) != 0)
            continue;
        known = true;
        chain[(*n)++] = kind;
    }
    return known;
}

static bool is_in(const int *chain, int n, int kind)
{
    for (int i = 0; i < n; i++)
        if (chain[i] == kind)
            return true;
    return false;
}

static char *places_text(void)
{
    GString *text = g_string_new(NULL);
    for (int kind = 0; kind < GD_POLICIES; kind++)
        if (kind == 0 || strcmp(gd_policy_places[kind], gd_policy_places[kind - 1]) != 0)
            g_string_append_printf(text, "%s%s", kind ? ", " : "", gd_policy_places[kind]);
    return g_string_free(text, FALSE);
}

/* Where each policy stands in the chain: by `order`, else as policy.def has it. */
static void read_order(gd_builder *b, const gd_node *order, const void *const specs[GD_POLICIES],
                       int chain[GD_POLICIES])
{
    int n = 0;
    for (int i = 0; i < GD_POLICIES; i++)
        chain[i] = i;
    if (!order || order->kind == GD_NULL)
        return;
    for (const gd_node *name = order->first; name; name = name->next) {
        int before = n, place[GD_POLICIES], places = 0;
        bool known = order->kind == GD_ARRAY && name->kind == GD_STRING &&
                     add_place(name->text, place, &places);
        if (!known) {
            g_autofree char *text = places_text();
            gd_problem(b->problems, name, "is no policy; list %s", text);
        } else if (is_in(chain, before, place[0])) {
            gd_problem(b->problems, name, "stands in the order twice; remove one");
        } else {
            memcpy(&chain[n], place, (size_t)places * sizeof place[0]);
            n += places;
        }
    }
    for (int i = 0; i < GD_POLICIES; i++) {
        if (is_in(chain, n, i))
            continue;
        if (specs[i])
            gd_problem(b->problems, order, "leaves %s out, which this call has; add it",
                       gd_policy_places[i]);
        chain[n++] = i;
    }
}

static uint32_t aligned(uint32_t bytes)
{
    return (bytes + 7) & ~UINT32_C(7);
}

/* Places in the chain that several kinds share: which of them stands there. */
static void find_kinds(gd_builder *b, const gd_call_spec *spec, const void *specs[GD_POLICIES])
{
    const gd_breaker_spec *breaker = spec->breaker;
    if (breaker && breaker->hystrix)
        specs[GD_POLICY_HYSTRIX] = breaker->hystrix;
    else if (breaker && breaker->polly)
        specs[GD_POLICY_POLLY] = breaker->polly;
    else if (breaker && breaker->consecutive)
        specs[GD_POLICY_CONSECUTIVE] = breaker->consecutive;
    else
        specs[GD_POLICY_BREAKER] = breaker;

    const gd_bulkhead_spec *bulkhead = spec->bulkhead;
    if (bulkhead && bulkhead->thread_pool)
        specs[GD_POLICY_THREAD_POOL] = bulkhead->thread_pool;
    else if (bulkhead && bulkhead->envoy)
        specs[GD_POLICY_ENVOY_LIMITS] = bulkhead->envoy;
    else
        specs[GD_POLICY_BULKHEAD] = bulkhead;

    if (spec->rate_limit.shape) {
        gd_pace_choice *limit = gd_arena_make(b->arena, gd_pace_choice);
        *limit = gd_rate_limit_of(&spec->rate_limit);
        specs[GD_POLICY_RATE_LIMIT] = limit;
    }
    if (spec->throttle.shape == &gd_throttle_shape)
        specs[GD_POLICY_THROTTLE] = spec->throttle.spec;
    else if (spec->throttle.shape == &gd_adaptive_shape)
        specs[GD_POLICY_ADAPTIVE] = spec->throttle.spec;
}

/* One more policy below the others, and where its bytes lie in the records of a call and a site. */
static void add_policy(gd_builder *b, gd_policy_kind kind, const void *spec, bool mesh,
                       gd_resolved *out)
{
    if (gd_problems_count(b->problems) != b->problems_before)
        return; /* a spec with mistakes has no size */
    gd_plan_policy policy = {.kind = (uint8_t)kind, .spec = spec, .mesh = mesh};
    out->hears_sent |= gd_policy_hears_sent(kind, spec);
    out->carries |= (uint8_t)gd_policy_carries(kind, spec);
    out->reselects = MAX(out->reselects, gd_policy_reselects(kind, spec));
    policy.at_call = (uint16_t)out->call_bytes;
    policy.at_state = (uint16_t)out->state_bytes;
    out->call_bytes += aligned(gd_policy_call_bytes(kind, spec));
    out->state_bytes += aligned(gd_policy_state_bytes(kind, spec));
    g_array_append_val(b->policies, policy);
}

static void add_chain(gd_builder *b, const gd_call_spec *spec, const gd_connections_spec *pool,
                      bool mesh, gd_resolved *out)
{
    gd_timeout_spec *timeout = NULL;
    if (spec->timeout) {
        timeout = gd_arena_make(b->arena, gd_timeout_spec);
        timeout->after = spec->timeout;
    }
    if (spec->coalesce)
        spec->coalesce->keys_dist =
            gd_dist_index_of(b, spec->coalesce->keys, gd_node_said(out->node, "coalesce"));
    if (spec->hedge && spec->hedge->after_timeout) {
        if (!timeout)
            gd_problem(b->problems, gd_node_said(out->node, "hedge"),
                       "after_timeout sends a copy at the call's timeout, and it has none; write "
                       "\"timeout\": \"300ms\" beside hedge");
        spec->hedge->delay = spec->timeout;
        timeout = NULL; /* it sends a copy and ends nothing */
    }
    const void *specs[GD_POLICIES] = {
        [GD_POLICY_COALESCE] = spec->coalesce, [GD_POLICY_HEDGE] = spec->hedge,
        [GD_POLICY_DEADLINE] = spec->deadline, [GD_POLICY_RETRY] = spec->retry,
        [GD_POLICY_CONNECTIONS] = pool,        [GD_POLICY_TIMEOUT] = timeout,
    };
    find_kinds(b, spec, specs);
    int chain[GD_POLICIES];
    read_order(b, spec->order, specs, chain);
    for (int i = 0; i < GD_POLICIES; i++)
        if (specs[chain[i]])
            add_policy(b, (gd_policy_kind)chain[i], specs[chain[i]], mesh, out);
}

/* What its instances' proxies add, below the application's chain. */
static void add_mesh(gd_builder *b, const gd_party *caller, gd_resolved *out)
{
    if (!caller || !caller->mesh)
        return;
    add_policy(b, GD_POLICY_HOP, caller->hop, true, out);
    add_chain(b, caller->mesh, NULL, true, out);
}

/* Refuses what this version does not have, in place: the tree is a copy of our own. */
static const gd_node *without_later(gd_builder *b, gd_node *node)
{
    gd_node *retry = gd_node_get(node, "retry");
    const gd_node *kept = gd_later_refuse(b->arena, retry, GD_LATER_RETRY, b->problems);
    if (kept != retry) {
        retry->first = kept->first;
        retry->last = kept->last;
    }
    return gd_later_refuse(b->arena, node, GD_LATER_CALL, b->problems);
}

/* What is done later waits before each try, whose timeout begins after that. */
static void add_wait(gd_builder *b, const gd_hop_spec *wait, gd_resolved *out)
{
    add_policy(b, GD_POLICY_HOP, wait, false, out);
    if (wait->timeout == 0)
        return;
    gd_timeout_spec *timeout = gd_arena_make(b->arena, gd_timeout_spec);
    timeout->after = wait->timeout;
    add_policy(b, GD_POLICY_TIMEOUT, timeout, false, out);
}

/* `section` NULL: an edge, by its name. */
static gd_resolved *resolve_with(gd_builder *b, const gd_node *whole, const char *section,
                                 const char *name, const gd_node *place,
                                 const gd_connections_spec *pool, const gd_party *caller,
                                 const gd_hop_spec *wait)
{
    /* Merged into nothing, what is null goes; the result has the address of its owner. */
    gd_node *nothing = gd_node_new(b->arena, GD_OBJECT, name, NULL, place);
    gd_node *owner = gd_node_new(b->arena, GD_OBJECT, section, NULL, place);
    gd_node *said = gd_node_merge(b->arena, nothing, whole, b->problems);
    said->parent = owner;
    owner->parent = section ? gd_node_new(b->arena, GD_OBJECT, NULL, NULL, place) : NULL;
    gd_resolved *out = gd_arena_make(b->arena, gd_resolved);
    out->node = without_later(b, said);
    const gd_call_spec *spec = gd_read(&b->reader, &gd_call_shape, out->node);
    out->spec = spec;
    out->says_balancer = gd_node_get(out->node, "balancer") != NULL;
    out->hedge_mask = read_on(b, spec);
    out->retry_mask = spec->retry ? out->hedge_mask : 0;
    if (spec->hedge && spec->hedge->non_fatal)
        out->hedge_mask = spec->hedge->mask;
    read_then(b, spec, out);
    out->pool = pool;
    out->chain_first = b->policies->len;
    add_chain(b, spec, pool, false, out);
    if (wait)
        add_wait(b, wait, out);
    add_mesh(b, caller, out);
    out->chain_n = b->policies->len - out->chain_first;
    out->at_fallback = out->state_bytes;
    if (out->fallback)
        out->state_bytes += aligned(gd_fallback_state_bytes(out->fallback));
    if (out->call_bytes > UINT16_MAX || out->state_bytes > UINT16_MAX)
        gd_problem(b->problems, out->node,
                   "its policies keep more than 64 KiB for a call; write smaller windows");
    return out;
}

static gd_resolved *resolve(gd_builder *b, const gd_node *whole, const char *section,
                            const char *name, const gd_node *place, const gd_connections_spec *pool,
                            const gd_party *caller)
{
    return resolve_with(b, whole, section, name, place, pool, caller, NULL);
}

/* Users who press reload: a retry with a constant wait, whatever the failure. */
static const gd_node *add_reload(gd_builder *b, const gd_node *whole, const gd_node *client)
{
    const gd_node *reload = gd_node_said(client, "reload");
    if (!reload || reload->kind != GD_OBJECT)
        return whole;
    const gd_node *n = gd_node_said(reload, "max_attempts"), *after = gd_node_said(reload, "after");
    gd_node *add = gd_node_new(b->arena, GD_OBJECT, NULL, NULL, reload);
    gd_node *retry = gd_node_new(b->arena, GD_OBJECT, "retry", NULL, reload);
    gd_node_append(add, retry);
    if (n) {
        gd_node *copy = gd_arena_make(b->arena, gd_node);
        *copy = *n;
        gd_node_append(retry, copy);
    }
    if (after) {
        gd_node *backoff = gd_node_new(b->arena, GD_OBJECT, "backoff", NULL, after);
        gd_node *constant = gd_node_new(b->arena, GD_OBJECT, "constant", NULL, after);
        gd_node *base = gd_arena_make(b->arena, gd_node);
        *base = *after;
        base->key = "base";
        gd_node_append(constant, base);
        gd_node_append(backoff, constant);
        gd_node_append(retry, backoff);
    }
    return gd_node_overlay(b->arena, whole, add);
}

/* Each try waits `every` before it; all of it ends after `keep`. */
const gd_resolved *gd_resolve_later(gd_builder *b, const gd_resolved *how, const gd_node *place)
{
    const gd_fallback_spec *spec = how->fallback;
    g_autofree char *every = gd_quantity_print(GD_FIELD_SPAN, spec->every);
    g_autofree char *keep = gd_quantity_print(GD_FIELD_SPAN, spec->keep);
    gd_node *policy = gd_node_new(b->arena, GD_OBJECT, NULL, NULL, place);
    gd_node *retry = gd_node_new(b->arena, GD_OBJECT, "retry", NULL, place);
    gd_node_append(retry, gd_node_new(b->arena, GD_NUMBER, "max_attempts", "255", place));
    gd_node_append(policy, retry);
    gd_node_append(policy, gd_node_new(b->arena, GD_STRING, "deadline",
                                       gd_arena_printf(b->arena, "%s", keep), place));
    gd_node *wait =
        gd_node_new(b->arena, GD_STRING, "hop", gd_arena_printf(b->arena, "%s", every), place);
    gd_hop_spec *hop = gd_arena_make(b->arena, gd_hop_spec);
    *hop = (gd_hop_spec){
        .dist = gd_dist_index(b, wait, true), .one_way = true, .timeout = how->spec->timeout};
    return resolve_with(b, policy, NULL, "later", place, NULL, NULL, hop);
}

const gd_resolved *gd_resolve_alone(gd_builder *b, const gd_node *policy, const char *edge,
                                    const gd_node *place)
{
    return resolve(b, policy, NULL, edge, place, NULL, NULL);
}

const gd_resolved *gd_resolve_call(gd_builder *b, const gd_call_at *at)
{
    gd_layer layers[GD_MAX_LAYERS];
    const gd_node *client = at->client == GD_NONE ? NULL : b->model->clients.at[at->client].node;
    gd_party *caller = client ? NULL : gd_party_of(b, b->plan->ops[at->op].service);
    const char *key = gd_arena_printf(b->arena, "%p %p %s", client ? (const void *)client : caller,
                                      (const void *)at->step, client ? "" : at->callee);
    gd_resolved *known = g_hash_table_lookup(b->resolved, key);
    if (known)
        return known;
    uint32_t n = gd_call_layers(b, caller, client, at->callee, at->step, layers);
    const gd_node *whole = gd_overlay_layers(b, layers, n);
    if (client) {
        whole = add_reload(b, whole, client);
        known = resolve(b, whole, "clients", client->key, at->place, NULL, NULL);
    } else {
        const char *edge = gd_arena_printf(b->arena, "%s>%s", caller->name, at->callee);
        known =
            resolve(b, whole, NULL, edge, at->place, gd_pool_for(b, caller, at->callee), caller);
    }
    g_hash_table_insert(b->resolved, (void *)key, known);
    return known;
}

/* ---- meshes ------------------------------------------------------------------------------- */
void gd_read_mesh(gd_builder *b, gd_party *party, const gd_node *mesh)
{
    static const char *const no[] = {"use", "then", "optional", "balancer", "coalesce", NULL};
    if (mesh->kind != GD_OBJECT) {
        gd_problem(
            b->problems, mesh,
            "expected a mesh; write {\"hop\": \"0.5ms\", \"timeout\": \"2s\", \"retry\": 2}");
        return;
    }
    gd_node *rest = gd_node_new(b->arena, GD_OBJECT, mesh->key, NULL, mesh);
    rest->parent = mesh->parent;
    for (const gd_node *m = mesh->first; m; m = m->next) {
        if (g_strv_contains(no, m->key) && m->kind != GD_NULL)
            gd_problem_key(b->problems, m,
                           "is the application's to say, not its mesh's; remove it");
        if (strcmp(m->key, "hop") == 0 || g_strv_contains(no, m->key) || m->kind == GD_NULL)
            continue;
        gd_node *copy = gd_arena_make(b->arena, gd_node);
        *copy = *m;
        gd_node_append(rest, copy);
    }
    gd_call_spec *spec = gd_read(&b->reader, &gd_call_shape, rest);
    if (spec->retry)
        spec->retry->mask = read_on(b, spec);
    party->mesh = spec;
    party->hop = gd_arena_make(b->arena, gd_hop_spec);
    party->hop->dist = gd_dist_index(b, gd_node_said(mesh, "hop"), true);
}

/* ---- what the policies count -------------------------------------------------------------- */
/* The chain by itself: pages of a client share one until here, and each edge counts for itself. */
static void copy_chain(gd_builder *b, gd_plan_site *site)
{
    uint32_t first = b->policies->len;
    for (uint32_t k = 0; k < site->chain_n; k++) {
        gd_plan_policy policy = g_array_index(b->policies, gd_plan_policy, site->chain_first + k);
        g_array_append_val(b->policies, policy);
    }
    site->chain_first = first;
}

void gd_count_policies(gd_builder *b)
{
    g_autoptr(GHashTable) owners = g_hash_table_new(NULL, NULL); /* chain + 1 -> edge + 1 */
    for (guint i = 0; i < b->sites->len; i++) {
        gd_plan_site *site = &g_array_index(b->sites, gd_plan_site, i);
        if (site->then == GD_THEN_FALLBACK)
            site->fallback_counters = gd_counters_for(
                b, GD_COUNTED_BY_EDGE, site->edge, gd_fallback_shapes[site->fallback->kind]->name,
                gd_fallback_counters(site->fallback->kind));
        void *chain = GUINT_TO_POINTER(site->chain_first + 1), *edge;
        edge = g_hash_table_lookup(owners, chain);
        if (site->chain_n == 0 || edge == GUINT_TO_POINTER(site->edge + 1))
            continue;
        if (edge)
            copy_chain(b, site);
        g_hash_table_insert(owners, GUINT_TO_POINTER(site->chain_first + 1),
                            GUINT_TO_POINTER(site->edge + 1));
        for (uint32_t k = 0; k < site->chain_n; k++) {
            gd_plan_policy *policy =
                &g_array_index(b->policies, gd_plan_policy, site->chain_first + k);
            const char *name = gd_policy_names[policy->kind];
            if (policy->mesh)
                name = gd_arena_printf(b->arena, "mesh_%s", name);
            policy->counters = gd_counters_for(b, GD_COUNTED_BY_EDGE, site->edge, name,
                                               gd_policy_counters(policy->kind));
        }
    }
}

/* ---- what nobody uses --------------------------------------------------------------------- */
static void check_policy(gd_builder *b, const char *section, const gd_node *node)
{
    const char *name = gd_arena_printf(b->arena, "%s.%s", section, node->key);
    gd_layer layers[GD_MAX_LAYERS];
    guint before = b->policies->len;
    uint32_t n = gd_policy_layers(b, name, node, layers);
    resolve(b, gd_overlay_layers(b, layers, n), section, node->key, node, NULL, NULL);
    g_array_set_size(b->policies, before);
}

void gd_check_policies(gd_builder *b)
{
    const gd_node *policies = b->model->policies;
    if (policies && policies->kind != GD_OBJECT && policies->kind != GD_NULL)
        gd_problem(b->problems, policies, "expected an object with a member for each policy");
    const gd_node **members = gd_members(b, policies);
    for (size_t i = 0; members[i]; i++)
        g_hash_table_insert(b->policy_nodes, (void *)members[i]->key, (void *)members[i]);
    for (size_t i = 0; members[i]; i++) {
        if (!gd_is_name(members[i]->key))
            gd_problem_key(b->problems, members[i],
                           "is no name; write a lower-case letter, then letters, digits, - or _");
        check_policy(b, "policies", members[i]);
    }
    if (gd_default_call(b))
        check_policy(b, "defaults", gd_default_call(b));
}

void gd_check_calls_used(gd_builder *b)
{
    const gd_node *defaults = gd_node_said(gd_node_said(b->model_node, "defaults"), "service");
    const gd_node *shared = gd_node_said(defaults, "calls");
    for (guint i = 0; i < b->parties->len; i++) {
        const gd_party *party = b->parties->pdata[i];
        if (!party->spec || gd_problems_count(b->problems) > 40)
            continue;
        const gd_node **calls = gd_members(b, gd_node_said(party->node, "calls"));
        for (size_t k = 0; calls[k]; k++)
            if (!g_hash_table_contains(party->calls_used, calls[k]->key) &&
                !gd_node_get(shared, calls[k]->key))
                gd_problem_key(b->problems, calls[k],
                               "%s never calls %s; remove this, or name what it calls", party->name,
                               calls[k]->key);
    }
}
