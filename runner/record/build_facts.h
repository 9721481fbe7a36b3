/* record/build_facts.h: how this program was built: for the manifest of a run and `slope
 * --version`. */
#ifndef SLOPE_RECORD_BUILD_FACTS_H
#define SLOPE_RECORD_BUILD_FACTS_H

typedef struct build_facts_record {
    const char *version;
    const char *git; /* state of the repository, or "unknown" */
    const char *compiler;
    const char *flags;
} build_facts_record;

extern const build_facts_record build_facts;

#endif
