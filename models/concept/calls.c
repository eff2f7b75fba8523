/* Concepts: how one service calls another. Sources: patterns 3; each names its own besides. */
#include "models/concept/table.h"

#define CALL "services.*.calls.*"

const gd_concept_entry gd_concepts_of_calls[] = {
    {.name = "timeout",
     .topic = "calls",
     .fields = CALL ".timeout " CALL ".cancel_on_timeout services.*.cancellation",
     .text = {.title = "Timeout",
              .idea = "The caller stops waiting for one try after a while. It ends the caller's "
                      "wait, not the callee's work: that goes on unless a cancel is sent and "
                      "honoured.",
              .cures = "a dependency that hangs, and the threads that wait for it",
              .cures_not = "overload by itself: abandoned work still holds its worker",
              .price = "false timeouts (the answer was on its way), and work for nobody",
              .dangerous_with = "retries without a budget; a child's timeout that is longer than "
                                "its parent's",
              .numbers = "Take the latency that a share p of healthy calls exceeds (p: the false "
                         "timeouts that you accept, 0.1% say), add the network's worst case; if "
                         "p99.9 is near the median, add padding. Report false_timeout and "
                         "wasted_work.",
              .source = "AWS Builders' Library, \"Timeouts, retries and backoff with jitter\"; "
                        "Envoy per_try_timeout; resilience4j TimeLimiter 1 s"}},
    {.name = "deadline",
     .topic = "calls",
     .fields = CALL ".deadline",
     .text = {.title = "Deadline",
              .idea = "One limit for the whole call: all tries, and the waits between them.",
              .cures = "retries that keep a user waiting longer than he stays",
              .cures_not = "work that callees go on doing, unless the rest of the budget travels "
                           "with the request",
              .price = "a last try that cannot end in time is not made",
              .dangerous_with = "clocks that differ, where the deadline is sent as a time of day",
              .source = "gRFC A6; Google SRE book ch. 22; Envoy route timeout 15 s"}},
    {.name = "retry",
     .topic = "calls",
     .fields = CALL ".retry " CALL ".on",
     .text = {.title = "Retry",
              .idea = "A failed try is made again, a few times, with a wait between.",
              .cures = "failures that are short, rare and independent of each other",
              .cures_not = "overload, and errors that the next try meets again",
              .price = "amplification: with failure probability p and N tries, (1 - p^N)/(1 - p) "
                       "attempts a call; duplicates where the first try did execute",
              .dangerous_with = "retries of other layers (N^layers attempts at the bottom), calls "
                                "that are not idempotent, no budget",
              .numbers = "Under overload failures are not independent: attempts go to N and "
                         "success to 0. Load x tries > capacity > load is the metastable region.",
              .source = "gRFC A6; AWS Builders' Library; resilience4j maxAttempts 3; AWS SDK "
                        "standard mode 3"}},
    {.name = "backoff",
     .topic = "calls",
     .fields = CALL ".retry.backoff",
     .text = {.title = "Back-off",
              .idea = "Each further try waits longer than the last, up to a cap.",
              .cures = "short blips; callers that would all come back at once",
              .cures_not = "sustained overload from users who do not wait for each other: every "
                           "deferred try still comes",
              .price = "latency, and callers that hold their threads while they wait",
              .dangerous_with = "long deadlines; no jitter: clients that failed together return "
                                "together",
              .numbers = "exponential: min(max, base x multiplier^(n-1)) before retry n",
              .source = "AWS Architecture Blog, \"Exponential Backoff and Jitter\"; gRFC A6"}},
    {.name = "jitter",
     .topic = "calls",
     .fields = CALL ".retry.backoff",
     .text = {.title = "Jitter",
              .idea = "The wait before a retry is drawn at random, so that clients that failed "
                      "together do not return together.",
              .cures = "peaks at base, 2 x base, 4 x base after a common failure",
              .cures_not = "the number of retries: they are spread, not taken away",
              .price = "the wait of one caller is no longer known beforehand",
              .numbers = "full: U(0, h), equal: h/2 + U(0, h/2), decorrelated: U(base, 3 x last), "
                         "h the exponential wait. Full jitter waits h/2 on average.",
              .source = "AWS Architecture Blog and its simulator; gRPC: h x U(0.8, 1.2); Polly"}},
    {.name = "breaker",
     .topic = "calls",
     .fields = CALL ".breaker",
     .text = {.title = "Circuit breaker",
              .idea = "Calls of a dependency are refused at once while it keeps failing; after a "
                      "while a few trials ask whether it is back.",
              .cures = "waiting for a dead dependency; it also lets an overloaded one recover",
              .cures_not = "partial failure: one bad shard of k opens it for all when 1/k reaches "
                           "the threshold, and never otherwise",
              .price = "all or nothing, and flapping: with all load back at once it opens again",
              .dangerous_with = "one breaker over many shards; no fallback; a minimum of calls "
                                "that a quiet client never reaches",
              .numbers = "Each caller instance learns by itself: N instances need N x min_calls "
                         "failures before all are open.",
              .source = "resilience4j CircuitBreakerConfig; M. Nygard, \"Release It!\""}},
    {.name = "bulkhead",
     .topic = "calls",
     .fields = CALL ".bulkhead",
     .text = {.title = "Bulkhead",
              .idea = "At most so many calls of one dependency run at once; the next ones wait a "
                      "little or fail.",
              .cures = "one slow dependency that takes all threads from pages that do not need it",
              .cures_not = "the pages that do need it",
              .price = "capacity that stays unused in its compartment",
              .dangerous_with = "a limit as large as the pool of threads: then it is none",
              .numbers = "peak rate x healthy p99, rounded up, and some headroom (Little's law)",
              .source = "resilience4j BulkheadConfig: 25; Hystrix thread pool: 10"}},
    {.name = "fallback",
     .topic = "calls",
     .fields = CALL ".then " CALL ".optional",
     .text = {.title = "Fallback",
              .idea = "When tries are spent the caller answers in another way: with less "
                      "(degraded), with a default, from somebody else.",
              .cures = "total failure in the eyes of the user",
              .cures_not = "slowness: who ignores a failure still waits for it",
              .price = "a second path that is hardly ever used, and so hardly ever tested",
              .dangerous_with = "a secondary without the capacity for all of the load; answers "
                                "counted as good, so that nobody notices",
              .source = "AWS Builders' Library, \"Avoiding fallback in distributed systems\""}},
    {.name = "idempotency",
     .topic = "calls",
     .fields = CALL ".on",
     .text = {.title = "Idempotent call",
              .idea = "Executing it twice has the same effect as once, so a try whose outcome is "
                      "unknown may be made again.",
              .cures = "duplicate effects of retries after timeouts and resets",
              .cures_not = "duplicate work: both tries cost the same",
              .price = "a key that the client chooses, and a table of what was seen",
              .dangerous_with = "a table that forgets earlier than the last retry comes",
              .numbers = "`on` says per outcome whether another try is worth it. Surely not "
                         "executed: refused, conn_timeout, shed; unknown: timeout, reset.",
              .source = "AWS Builders' Library, \"Making retries safe with idempotent APIs\""}},
    {.name = "chain",
     .topic = "calls",
     .fields = CALL ".order",
     .text = {.title = "Order of a call's policies",
              .idea = "The policies of a call stand around it one outside the other. A breaker "
                      "inside the retry sees each try and can stop the loop; outside, it sees one "
                      "result a call. A timeout outside the retry bounds the loop, inside one try.",
              .price = "two designs with the same policies behave differently",
              .numbers = "Default: as `gameday explain MODEL CALL` prints it, outermost first.",
              .source = "resilience4j: Retry(CircuitBreaker(RateLimiter(TimeLimiter(Bulkhead))))"}},
    {.name = "stampede",
     .topic = "calls",
     .text = {.title = "Stampede",
              .idea = "Something that everybody wants expires, and all who find it gone make it "
                      "anew at the same time.",
              .cures = "coalescing, leases, early or background refresh, jittered expiry",
              .cures_not = "a longer expiry: rarer, and no smaller",
              .numbers = "1 + rate x time to make it, for each key; more when load makes it slower",
              .source = "Nishtala et al., NSDI 2013; patterns 6.2"}},
    {.name = "tail-latency",
     .topic = "calls",
     .text = {.title = "Tail latency",
              .idea = "Who asks many is as slow as the slowest: rare hiccups of one server are "
                      "common for a page that needs a hundred.",
              .cures = "hedged and tied requests, good-enough answers, less variance",
              .cures_not = "more servers of the same kind",
              .numbers = "With 1% of slow answers, 63% of the pages that need a hundred are slow.",
              .source = "Dean, Barroso, The Tail at Scale, CACM 2013"}},
    {.name = "tied-requests",
     .topic = "calls",
     .fields = "services.*.calls.*.hedge.tied",
     .text = {.title = "Tied requests",
              .idea = "Two copies wait in two queues and know of one another: the one that starts "
                      "first takes the other out.",
              .cures = "unlucky queues, almost without duplicate work",
              .cures_not = "slow service once begun",
              .price = "a message between servers; both start when both are idle, unless the "
                       "second is sent after twice the network's delay",
              .source = "Dean, Barroso, The Tail at Scale, CACM 2013"}},
    {.name = "connection-storm",
     .topic = "calls",
     .fields = "services.*.pools",
     .text = {.title = "Connection storm",
              .idea = "After a restart or fail-over all pools reconnect at once; handshakes keep "
                      "the callee busy, queries time out, timeouts spoil connections.",
              .cures = "few handshakes at a time, small pools, jitter, a pooler in between, longer "
                       "timeouts",
              .cures_not = "larger pools",
              .numbers = "instances x pool x work of a handshake / workers = how long it is busy "
                         "with nothing else",
              .source = "patterns 12.22; MongoDB drivers, maxConnecting"}},
    {.name = "bimodal-behaviour",
     .topic = "calls",
     .fields = "services.*.calls.*.then",
     .text = {.title = "Bimodal behaviour",
              .idea = "In failure the system does something else than every day: a path that has "
                      "never carried the load, at the worst moment.",
              .cures = "no fallback, or both paths in use all the time, or a fallback limited to "
                       "what it can carry",
              .cures_not = "hoping that the second path has room",
              .numbers = "a cache with 95% hits that is gone: 20 times the load on the database",
              .source = "AWS Builders' Library, Avoiding fallback in distributed systems"}},
    {.name = "mesh",
     .topic = "calls",
     .fields = "services.*.mesh",
     .text = {.title = "Service mesh",
              .idea = "Each service's proxy makes its calls: time-outs, retries and breakers are "
                      "configured outside the application, and hold for it too.",
              .cures = "applications that have none, or each its own",
              .cures_not = "calls that only the application knows to be safe to repeat",
              .price = "a hop each way; two chains that do not know of one another",
              .dangerous_with = "retries in the application: tries multiply",
              .numbers =
                  "m tries of the mesh for each of n of the application: m x n at the callee",
              .source = "Istio, Performance and Scalability; Envoy"}},
    {0},
};
