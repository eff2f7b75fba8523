/* Concepts: who asks, and how often. Sources: patterns 0.8, 0.9. */
#include "models/concept/table.h"

const gd_concept_entry gd_concepts_of_users[] = {
    {.name = "open-load",
     .topic = "users",
     .fields = "clients.*.arrivals clients.*.visits",
     .text = {.title = "Open load",
              .idea = "Users come whether or not others have been served: a public site.",
              .cures_not = "overload: nobody slows down because the server does",
              .price = "queues grow without bound above capacity",
              .dangerous_with = "load tests that are closed: they hide what open users will see",
              .source =
                  "Schroeder, Wierman and Harchol-Balter, \"Open Versus Closed\", NSDI 2006"}},
    {.name = "closed-load",
     .topic = "users",
     .fields = "clients.*.users",
     .text = {.title = "Closed load",
              .idea = "A fixed number of users each think, ask, wait for the answer, and think "
                      "again: load falls when the server slows down.",
              .cures_not = "seeing overload: a stall simply stops the users who would have seen it",
              .numbers = "Throughput is at most users / (answer time + think time), and at most "
                         "what the busiest station does.",
              .source = "Denning and Buzen 1978 (asymptotic bounds)"}},
    {.name = "coordinated-omission",
     .topic = "users",
     .fields = "clients.*.users clients.*.arrivals",
     .text = {.title = "Coordinated omission",
              .idea = "A tester that waits for the last answer before it asks again asks nothing "
                      "during a stall, so the stall is one slow sample instead of thousands.",
              .price = "a p99 that is too good by orders of magnitude",
              .numbers = "gameday measures open users from the moment at which they meant to ask.",
              .source = "G. Tene, \"How NOT to Measure Latency\""}},
    {.name = "reload",
     .topic = "users",
     .fields = "clients.*.reload clients.*.timeout",
     .text = {.title = "Users who reload",
              .idea = "People press reload when a page takes too long: a retry policy that no "
                      "budget covers and no deploy changes.",
              .cures_not = "the page: the first request goes on in the server",
              .price = "load that grows just when it should fall",
              .dangerous_with = "long queues, and retries below",
              .numbers = "Patience of 5 to 10 s at the median is a customary assumption.",
              .source = "patterns 12.47"}},
    {.name = "journeys",
     .topic = "users",
     .fields = "clients.*.journeys clients.*.visits",
     .text = {.title = "Journeys",
              .idea = "A visitor goes from page to page, thinks between them and gives up after "
                      "some failures: partly open load. Blast radius counts visitors, each once.",
              .source = "Schroeder, Wierman and Harchol-Balter, NSDI 2006 (partly open)"}},
    {.name = "load-shape",
     .topic = "users",
     .fields = "clients.*.profile load",
     .text = {.title = "Shapes of load",
              .idea = "A rate that is steady, or goes up in a line, a step, a spike, a daily wave "
                      "or as a file says; several multiply.",
              .dangerous_with = "capacity planned for the mean",
              .source = "patterns 9.5"}},
    {0},
};
