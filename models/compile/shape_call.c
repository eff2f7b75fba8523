#include "models/compile/shape.h"

const char *const gd_balancer_words[] = {
#define GD_BALANCER(symbol, name) #name,
#include "models/balance/balance.def"
#undef GD_BALANCER
    NULL};

const gd_shape gd_on_shape = {
    .name = "on",
    .help = "per outcome of a try, whether another one is worth it; `any` is the rest",
    .schema = GD_MEMBERS_SCHEMA("{\"enum\": [\"retry\", \"fail\"]}"),
};

const gd_shape gd_then_shape = {
    .name = "then",
    .help = "\"fail\", \"crash\", {\"answer\": \"ok\"}, {\"answer\": \"degraded\"}, or "
            "{\"call\": \"service.operation\"}; with notes because, runbook, alert",
    .schema = "{\"anyOf\": [{\"enum\": [\"fail\", \"crash\"]}, {\"type\": \"object\", "
              "\"properties\": {\"answer\": {\"enum\": [\"ok\", \"degraded\"]}, \"call\": "
              "{\"type\": \"string\"}, \"because\": {\"type\": \"string\"}, \"runbook\": "
              "{\"type\": \"string\"}, \"alert\": {\"type\": \"string\"}}}]}",
};

const gd_shape gd_order_shape = {
    .name = "order",
    .schema = "{\"type\": \"array\", \"items\": {\"enum\": [\"deadline\", \"coalesce\", \"hedge\", "
              "\"retry\", \"rate_limit\", \"throttle\", \"breaker\", "
              "\"bulkhead\", \"timeout\"]}}",
};

const gd_shape gd_mesh_shape = {
    .name = "mesh",
    .help = "`hop`: the time in the proxies of a call on its way, and again on its way back; the "
            "rest is a chain of policies, with an `on` of its own",
    .source = "Istio and Envoy",
};

static const gd_field call_fields[] = {GD_CALL_ROWS(gd_call_spec, ), {0}};

const gd_shape gd_call_shape = {
    .name = "policy",
    .help = "how a call is made: its chain of policies. Nothing named is nothing there",
    .bytes = sizeof(gd_call_spec),
    .fields = call_fields,
    .bare = "use",
};
