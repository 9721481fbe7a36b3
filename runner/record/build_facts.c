/* record/build_facts.c: see build_facts.h. The build defines what is filled in here; of all files
 * only this one is compiled anew when a commit changes the state of the repository. */
#include "record/build_facts.h"

#include "git_state.h" /* written by every build: SLOPE_GIT_STATE */

const build_facts_record build_facts = {
    .version = SLOPE_VERSION,
    .git = SLOPE_GIT_STATE,
    .compiler = SLOPE_COMPILER,
    .flags = SLOPE_FLAGS_USED,
};
