/* sweep/plan_points.c: how many points a sampler has in the space of a sweep, and where they lie.
 * See plan_private.h. */
#include "sweep/plan_private.h"

#include "base/memory.h"

#include <stdlib.h>

enum { BLOCK = 4096 };

/* ---- placing points -------------------------------------------------------------------------- */

uint64_t plan_next_round(const plan *p)
{
    const uint64_t left = p->total - p->samples;
    const uint64_t round =
        p->sampler.about ? sampler_round(p->sampler.about, p->sampler.config) : 0;
    return round && round < left ? round : left;
}

bool plan_place(plan *p, uint64_t count, failure *why)
{
    const size_t dimensions = p->space->count;
    p->points = realloc(p->points, ((p->samples + count) * dimensions + 1) * sizeof *p->points);
    if (!p->points) out_of_memory((p->samples + count) * dimensions * sizeof *p->points);
    while (count && dimensions) {
        const size_t block = count < BLOCK ? (size_t)count : BLOCK;
        if (!sampler_place(&p->sampler, p->samples, block, p->points + p->samples * dimensions,
                           why))
            return false;
        p->samples += block;
        count -= block;
    }
    p->samples += count; /* without dimensions there is nothing to place */
    return true;
}

/* ---- counting -------------------------------------------------------------------------------- */

static const slope_dimension *dimensions_of(arena *a, const space *s)
{
    slope_dimension *all = arena_alloc(a, s->count * sizeof *all);
    for (size_t i = 0; i < s->count; i++)
        all[i] = (slope_dimension){.path = s->dimensions[i].path,
                                   .choices = s->dimensions[i].choice_count,
                                   .parent = s->dimensions[i].parent,
                                   .parent_choice = s->dimensions[i].parent_choice};
    return all;
}

static void prepare_sampler(plan *p, const sweep_config *sweep)
{
    const slope_plugin *half = sweep->sampler.plugin->description[FLOAT32];
    p->sampler = (sampler){.about = (const slope_sampler *)(const void *)half,
                           .config = sweep->sampler.config,
                           .seed = sweep->seed,
                           .wanted = sweep->trials,
                           .dimension_count = p->space->count,
                           .dimensions = dimensions_of(p->memory, p->space)};
}

/* Whether the list itself would fit, let alone the trials (run.c sees to those). */
static bool list_fits(plan *p, uint64_t trials)
{
    const double each = sizeof *p->trials + 4 * sizeof *p->index; /* grown by doubling */
    const double points = (double)p->total * (double)p->space->count * sizeof *p->points;
    const double bytes = 2 * each * (double)trials + points, there = (double)memory_available();
    if (bytes <= there) return true;
    diagnostics_add(p->errors, STATUS_CONFIG, p->experiment->sweep->section->place, "sweep",
                    "the list of %llu trials alone needs %.1f GB of memory, and %.1f GB are "
                    "available: take fewer values, or let a sampler draw some of them",
                    (unsigned long long)trials, bytes / 1e9, there / 1e9);
    return false;
}

bool plan_count_points(plan *p)
{
    const sweep_config *sweep = p->experiment->sweep;
    p->total = 1;
    if (!sweep) return true;
    failure why;
    const config_node *section = sweep->section;
    const char *key = config_get(section, "sampler") ? "sampler" : "";
    if (p->space->count) {
        prepare_sampler(p, sweep);
        if (!sampler_count(&p->sampler, &p->total, &why)) {
            diagnostics_add(p->errors, why.status, builder_place(section, key), "sweep.sampler",
                            "%s", why.text);
            return false;
        }
    }
    uint64_t all;
    if (!__builtin_mul_overflow(p->total, p->seeds, &all) &&
        !__builtin_mul_overflow(all, p->experiment->base_count, &all) && all <= SPACE_MOST_TRIALS)
        return list_fits(p, all);
    diagnostics_add(p->errors, STATUS_CONFIG, section->place, "sweep",
                    "makes more than 10^9 trials: take fewer values, or let a sampler draw some of "
                    "them (sampler: random, trials: 1000)");
    return false;
}
