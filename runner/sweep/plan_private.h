/* sweep/plan_private.h: what the parts of a plan share. For plan*.c only.
 *
 *     plan.c          rounds of the sampler, the list of trials, what is asked of it
 *     plan_points.c   how many points there are, and where
 *     plan_parts.c    trials made of sections that they share
 *     plan_ids.c      ids and fuse keys
 *     plan_check.c    whether trials fit their data; complaints
 *     plan_trials.c   one trial as it is asked for: configuration, label, values
 *     plan_single.c   trials beside the list
 *     plan_problems.c what trials work on
 */
#ifndef SLOPE_SWEEP_PLAN_PRIVATE_H
#define SLOPE_SWEEP_PLAN_PRIVATE_H

#include "config/builder.h"
#include "sweep/plan.h"
#include "sweep/sampler.h"

enum { DIGEST_BYTES = 32 };

/* One section of some trials: bound, recorded and digested once. */
typedef struct part {
    const config_node *merged;   /* the section as its base and the point give it; or NULL */
    const config_node *resolved; /* its record; or NULL */
    trial_config config;         /* only what the section fills */
    unsigned char digest[DIGEST_BYTES];
    uint64_t fuse;  /* of what trials must have in common to train together */
    size_t dataset; /* SECTION_DATASET: number of its data set; SIZE_MAX: not loaded */
    bool wrong;     /* and that has been told */
} part;

/* Parts by what they depend on. Open addressing; never full. */
typedef struct part_table {
    uint64_t *keys;
    part **parts;
    size_t count, room;
} part_table;

/* Which dimensions a section depends on, with the dimensions that these depend on. */
typedef struct dependence {
    size_t count;
    size_t *dimensions;
    bool seeded; /* and on the number of the seed */
} dependence;

/* A trial of the plan. */
typedef struct planned {
    uint64_t id, fuse;
    uint32_t sample, base, seed, dataset;
} planned;

/* A trial of the space that is the same as one of the plan. */
typedef struct copied {
    uint32_t sample, trial;
} copied;

/* A set of 64-bit hashes. Open addressing; 0 is kept as 1. */
typedef struct hash_set {
    uint64_t *items;
    size_t count, room;
} hash_set;

/* Adds; false if it was there. */
bool hash_set_add(hash_set *set, uint64_t item);

typedef struct plugin_digest {
    const host_plugin *plugin;
    char digest[65];
} plugin_digest;

struct plan {
    arena *memory;
    const experiment *experiment;
    const space *space; /* of the sweep, or one without dimensions */
    uint64_t seeds;
    bool load;
    bool partial; /* something is wrong already, and trials are made to find what else is: they have
                     no final numbers */
    diagnostics *errors;

    sampler sampler; /* about NULL: there is one point */
    uint64_t total;  /* points that the sampler has in all */
    size_t samples;  /* placed so far */
    double *points;  /* samples × space->count */

    planned *trials;
    size_t count, room;
    uint32_t *index; /* of trials by id, + 1; 0: free */
    size_t index_room;
    copied *copies;
    size_t copy_count, copy_room;
    size_t excluded, wrong;

    dependence depends[TRIAL_SECTIONS];
    part *base_parts; /* base_count × TRIAL_SECTIONS: of sections that depend on nothing */
    part_table tables[TRIAL_SECTIONS];

    const dataset_config **dataset_configs;
    dataset **datasets; /* NULL: could not be loaded */
    size_t dataset_count, dataset_room;
    plugin_digest *plugins;
    size_t plugin_count, plugin_room;

    const char **problems; /* of each base: see plan_problem() */
    hash_set checked, complaints;
    size_t told;           /* complaints that were made */
    metric metric;         /* see plan_metric() */
    bool trained;          /* all trials so far are evaluated on their training rows, */
    bool validated;        /* have validation rows, */
    bool classes, numbers; /* predict classes, predict numbers */
};

/* ---- points ---------------------------------------------------------------------------------- */

/* All points, into `total`; false, with an error, if they are too many, or the sampler has none. */
bool plan_count_points(plan *p);
/* How many points the next round has; places so many. */
uint64_t plan_next_round(const plan *p);
bool plan_place(plan *p, uint64_t count, failure *why);

/* ---- parts ----------------------------------------------------------------------------------- */

/* Which sections depend on what, and the parts of bases. */
void plan_find_dependences(plan *p);
/* All sections of a trial, and its configuration but for label and record. What is not there yet is
 * made in b->memory, or, while planning (`grow`), in the plan for others to share. */
void plan_assemble(const plan *p, plan *grow, builder *b, size_t base, const double *point,
                   uint64_t seed, trial_config *out, const part *parts[TRIAL_SECTIONS]);
/* One section of the base with `set` (its node, or NULL) over it; in b->memory, not digested. `out`
 * holds the sections before this one, and gets this one. */
part *plan_make_part(const plan *p, builder *b, trial_section s, size_t base,
                     const config_node *set, uint64_t seed, trial_config *out);
void plan_free_parts(plan *p);

/* ---- ids ------------------------------------------------------------------------------------- */

/* Fills digest and fuse. False (plugin unreadable) reports to b->errors. `memory` for scratch. */
bool plan_digest_part(plan *p, builder *b, trial_section s, part *of);
uint64_t plan_make_id(const part *const parts[TRIAL_SECTIONS]);
uint64_t plan_make_fuse_key(const part *const parts[TRIAL_SECTIONS]);
/* Of data set, model without initialisation, and loss, as they are configured. */
uint64_t plan_digest_problem(const trial_config *c);
/* The trial with that id; SIZE_MAX if there is none. */
size_t plan_look_up(const plan *p, uint64_t id);
void plan_enter(plan *p, size_t trial); /* into the index */

/* ---- checks ---------------------------------------------------------------------------------- */

/* Rules between sections, and whether model, loss and data fit; each combination once. */
void plan_check_trial(plan *p, builder *b, const trial_config *t,
                      const part *const parts[TRIAL_SECTIONS]);
/* The rules between sections alone. */
void plan_check_rules(builder *b, const trial_config *t, const part *const parts[TRIAL_SECTIONS]);
/* Passes on what is wrong with a trial, naming its values. */
void plan_complain(plan *p, const diagnostics *found, size_t base, const double *point,
                   uint64_t seed, arena *a);
void plan_end_complaints(plan *p);
/* What is wrong already is not told of trials again. */
void plan_note_complaints(plan *p);
/* The data set of a part, loaded if it is not there. */
size_t plan_load_dataset(plan *p, builder *b, const part *of);

/* ---- problems -------------------------------------------------------------------------------- */

/* plan.problems, of bases that are right. */
void plan_name_problems(plan *p);

/* ---- trials ---------------------------------------------------------------------------------- */

/* "optimizer.learning_rate=0.1, seed=2" */
const char *plan_values(const plan *p, size_t base, const double *point, uint64_t seed, arena *a);

/* The list with room for one more element; the old one is freed. */
void *plan_grown(void *list, size_t count, size_t *room, size_t size);

#endif
