/* sweep/plan_parts.c: trials made of sections that they share. A trial of a sweep differs from the
 * others in a few sections, and has most of those in common with many: 400 learning rates by 250
 * penalties are 650 sections, not 100,000 configurations. See plan_private.h. */
#include "sweep/plan_private.h"

#include <stdlib.h>
#include <string.h>

/* More parts of a section are made when they are asked for, and not kept. */
enum { MOST_PARTS = 4096 };

/* ---- what depends on what -------------------------------------------------------------------- */

static bool sets_section(const plan *p, size_t d, trial_section s)
{
    const space_dimension *at = &p->space->dimensions[d];
    if (!at->choice_count) return trial_section_of(p->space->columns[at->column].path) == s;
    for (size_t i = 0; i < at->choice_count; i++)
        for (size_t k = 0; k < at->choices[i].count; k++)
            if (trial_section_of(p->space->columns[at->choices[i].settings[k].column].path) == s)
                return true;
    return false;
}

static bool sets_path(const plan *p, const char *path)
{
    for (size_t c = 0; c < p->space->column_count; c++)
        if (strcmp(p->space->columns[c].path, path) == 0) return true;
    return false;
}

static void add_dimension(const plan *p, dependence *on, size_t d)
{
    for (size_t i = 0; i < on->count; i++)
        if (on->dimensions[i] == d) return;
    const size_t parent = p->space->dimensions[d].parent;
    if (parent != SLOPE_NO_PARENT) add_dimension(p, on, parent);
    on->dimensions[on->count++] = d;
}

static void add_all(const plan *p, dependence *on, trial_section s)
{
    for (size_t d = 0; d < p->space->count; d++)
        if (sets_section(p, d, s)) add_dimension(p, on, d);
}

/* The precision picks the half of a plugin; the loss says whether data are needed. */
static void find_dependence(plan *p, trial_section s)
{
    dependence *on = &p->depends[s];
    on->dimensions = arena_alloc(p->memory, p->space->count * sizeof *on->dimensions);
    add_all(p, on, s);
    on->seeded = s == SECTION_TRAIN && p->seeds > 1;
    if (s == SECTION_DATASET) add_all(p, on, SECTION_LOSS);
    const bool plugin = s == SECTION_LOSS || s == SECTION_MODEL || s == SECTION_OPTIMIZER ||
                        s == SECTION_SCHEDULE || s == SECTION_DATASET;
    if (plugin && (sets_path(p, "train.precision") || sets_path(p, "train")))
        add_all(p, on, SECTION_TRAIN);
}

static bool varies(const plan *p, trial_section s)
{
    return p->depends[s].count || p->depends[s].seeded;
}

/* A section of a base that is wrong, which has been told, is built again to know that it is. */
static bool is_wrong(plan *p, builder *b, size_t base, trial_section s)
{
    builder own = *b;
    own.errors = diagnostics_create(p->memory);
    trial_config before = p->experiment->bases[base];
    return p->partial && plan_make_part(p, &own, s, base, NULL, 0, &before)->wrong;
}

static void take_from_base(plan *p, size_t base, trial_section s)
{
    const char *key = trial_section_key(s);
    const trial_config *c = &p->experiment->bases[base];
    part *own = &p->base_parts[base * TRIAL_SECTIONS + s];
    builder b = {.memory = p->memory,
                 .plugins = p->experiment->plugins,
                 .errors = p->errors,
                 .config_path = p->experiment->config_path};
    own->merged = config_get(p->experiment->trees[base], key);
    own->resolved = config_get(c->resolved, key);
    own->dataset = SIZE_MAX;
    trial_section_copy(s, &own->config, c);
    const size_t before = diagnostics_count(p->errors);
    own->wrong = is_wrong(p, &b, base, s);
    if (own->wrong) return;
    if (s == SECTION_DATASET) own->dataset = plan_load_dataset(p, &b, own);
    plan_digest_part(p, &b, s, own);
    own->wrong = diagnostics_count(p->errors) > before;
    p->partial |= own->wrong;
}

void plan_find_dependences(plan *p)
{
    const size_t bases = p->experiment->base_count;
    p->base_parts = allocate(bases * TRIAL_SECTIONS, sizeof *p->base_parts);
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) {
        find_dependence(p, s);
        for (size_t base = 0; base < bases && !varies(p, s); base++) take_from_base(p, base, s);
    }
}

/* ---- the table of parts ---------------------------------------------------------------------- */

/* A number for what the part depends on. False if it is drawn from a range, or there are more
 * combinations than numbers: then hardly any two trials would share it. */
static bool part_key(const plan *p, trial_section s, size_t base, const double *point,
                     uint64_t seed, uint64_t *key)
{
    const dependence *on = &p->depends[s];
    uint64_t k = base;
    bool good = true;
    for (size_t i = 0; good && i < on->count; i++) {
        const space_dimension *d = &p->space->dimensions[on->dimensions[i]];
        const bool there = space_has(p->space, point, on->dimensions[i]);
        if (!d->choice_count && there) return false;
        const uint64_t digit = there ? (uint64_t)point[on->dimensions[i]] : d->choice_count;
        good = !__builtin_mul_overflow(k, d->choice_count + 1, &k) &&
               !__builtin_add_overflow(k, digit, &k);
    }
    if (on->seeded)
        good = good && !__builtin_mul_overflow(k, p->seeds, &k) &&
               !__builtin_add_overflow(k, seed, &k);
    *key = k;
    return good && k != UINT64_MAX;
}

static size_t slot_of(const part_table *t, uint64_t key)
{
    size_t slot = (size_t)((key * 0x9E3779B97F4A7C15u) >> 32) & (t->room - 1);
    while (t->parts[slot] && t->keys[slot] != key) slot = (slot + 1) & (t->room - 1);
    return slot;
}

static const part *find_part(const part_table *t, uint64_t key)
{
    return t->room ? t->parts[slot_of(t, key)] : NULL;
}

static void keep_part(part_table *t, uint64_t key, part *made)
{
    if (!t->room) {
        t->room = 2 * MOST_PARTS;
        t->keys = allocate(t->room, sizeof *t->keys);
        t->parts = allocate(t->room, sizeof *t->parts);
    }
    const size_t slot = slot_of(t, key);
    t->keys[slot] = key;
    t->parts[slot] = made;
    t->count++;
}

void plan_free_parts(plan *p)
{
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) {
        free(p->tables[s].keys);
        free(p->tables[s].parts);
    }
    free(p->base_parts);
}

/* ---- making one ------------------------------------------------------------------------------ */

/* train.seed of the seed-th repetition. */
static void add_seed(arena *a, part *made, trial_config *out, uint64_t seed)
{
    const config_node *before = config_get(made->resolved, "seed");
    const config_place place = before ? before->place : made->resolved->place;
    out->train.seed += seed;
    config_node *over = config_new_mapping(a, made->resolved->place);
    const char *text = arena_printf(a, "%llu", (unsigned long long)out->train.seed);
    config_set(a, over, "seed", place, config_new_scalar(a, place, text, false));
    made->resolved = config_merge(a, made->resolved, over);
}

part *plan_make_part(const plan *p, builder *b, trial_section s, size_t base,
                     const config_node *set, uint64_t seed, trial_config *out)
{
    const size_t before = diagnostics_count(b->errors);
    const char *key = trial_section_key(s);
    const config_node *tree = p->experiment->trees[base], *given = config_get(tree, key);
    config_node *alone = config_new_mapping(b->memory, tree->place);
    if (given)
        config_set(b->memory, alone, key, given->place, config_merge(b->memory, NULL, given));
    if (set) {
        config_node *over = config_new_mapping(b->memory, tree->place);
        config_set(b->memory, over, key, set->place, config_merge(b->memory, NULL, set));
        alone = config_overlay(b->memory, alone, over, b->errors);
    }
    part *made = arena_alloc(b->memory, sizeof *made);
    made->merged = config_get(alone, key);
    made->dataset = SIZE_MAX;
    made->resolved = build_section(b, s, alone, out);
    if (s == SECTION_TRAIN && seed) add_seed(b->memory, made, out, seed);
    trial_section_copy(s, &made->config, out);
    made->wrong = diagnostics_count(b->errors) > before;
    return made;
}

static const part *find_or_make(const plan *p, plan *grow, builder *b, trial_section s, size_t base,
                                const double *point, uint64_t seed, trial_config *out)
{
    uint64_t key = 0;
    const bool keyed = part_key(p, s, base, point, seed, &key);
    const part *found = keyed ? find_part(&p->tables[s], key) : NULL;
    if (found) return found;
    const bool kept = grow && keyed && p->tables[s].count < MOST_PARTS;
    builder own = *b;
    /* A data set outlives the trial for which it was read first. */
    if (kept || (grow && s == SECTION_DATASET)) own.memory = grow->memory;
    const config_node *set = space_section(p->space, point, trial_section_key(s), own.memory);
    part *made = plan_make_part(p, &own, s, base, set, seed, out);
    if (grow && !made->wrong) {
        const size_t before = diagnostics_count(b->errors);
        if (s == SECTION_DATASET) made->dataset = plan_load_dataset(grow, &own, made);
        plan_digest_part(grow, &own, s, made);
        made->wrong = diagnostics_count(b->errors) > before;
    }
    if (kept) keep_part(&grow->tables[s], key, made);
    return made;
}

void plan_assemble(const plan *p, plan *grow, builder *b, size_t base, const double *point,
                   uint64_t seed, trial_config *out, const part *parts[TRIAL_SECTIONS])
{
    *out = (trial_config){.keep_weights = p->experiment->bases[base].keep_weights};
    for (trial_section s = 0; s < TRIAL_SECTIONS; s++) {
        parts[s] = varies(p, s) ? find_or_make(p, grow, b, s, base, point, seed, out)
                                : &p->base_parts[base * TRIAL_SECTIONS + s];
        trial_section_copy(s, out, &parts[s]->config);
    }
}
