/* Concepts: what lies between. Sources: patterns 9.3, 12.41. */
#include "models/concept/table.h"

const gd_concept_entry gd_concepts_of_network[] = {
    {.name = "bufferbloat",
     .topic = "network",
     .fields = "network.links.*.bandwidth services.*.operations.*.reply",
     .text = {.title = "Bufferbloat",
              .idea = "A deep buffer before a narrow line keeps everything and delivers it late: "
                      "loss becomes seconds of delay.",
              .cures = "short bursts that would have been lost",
              .cures_not = "more traffic than the line carries",
              .price = "delay of what is buffered / bandwidth, for all who share the line",
              .dangerous_with = "timeouts and reloads: the second answer stands in the same buffer",
              .source = "J. Gettys and K. Nichols, CACM 2012"}},
    {0},
};
