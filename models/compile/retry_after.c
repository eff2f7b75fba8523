/* "retry_after": what a refusal tells its caller: a span, or "stop". */
#include "models/compile/build.h"
#include "models/flow/reply.h"

#include <string.h>

const gd_shape gd_retry_after_shape = {
    .name = "retry_after",
    .help = "a span, or \"stop\": the caller is not to come back",
    .schema = "{\"type\": \"string\"}",
};

gd_span gd_read_retry_after(gd_builder *b, const gd_node *node)
{
    gd_span after = GD_RETRY_UNSAID;
    if (!node || node->kind == GD_NULL)
        return after;
    b->plan->says_retry_after = true;
    if (node->kind == GD_STRING && strcmp(node->text, "stop") == 0)
        return GD_RETRY_STOP;
    if (gd_read_span(&b->reader, node, &after) && after < 0) {
        gd_problem(b->problems, node, "lies in the past; write 0s, 500ms, or \"stop\"");
        return 0;
    }
    return after;
}
