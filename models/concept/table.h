/* The texts of this folder, a file for each topic; each ends with {0}. */
#pragma once

#include "models/concept/concept.h"

extern const gd_concept_entry gd_concepts_of_calls[], gd_concepts_of_servers[];
extern const gd_concept_entry gd_concepts_of_balancing[], gd_concepts_of_users[];
extern const gd_concept_entry gd_concepts_of_faults[], gd_concepts_of_failure[];
extern const gd_concept_entry gd_concepts_of_measuring[], gd_concepts_of_network[];
