/* engine/updater_make.c: making an updater: its slots, slices and candidates. See updater.h. */
#include "engine/updater_private.h"

#include "host/description.h"
#include "host/team.h"

#include <stdlib.h>

static size_t elements_of(const updater *u, slope_extent extent)
{
    return extent == SLOPE_PER_ELEMENT  ? u->layout->total
           : extent == SLOPE_PER_TENSOR ? u->layout->tensor_count
                                        : 1;
}

static const slope_slot *slot_at(const slope_optimizer *rule, size_t i)
{
    return (const slope_slot *)(const void *)((const char *)rule->slots + i * rule->slot_size);
}

static size_t copies_of(const updater *u, const slope_slot *slot)
{
    if (!slot->copies_parameter) return slot->copies;
    return (size_t)description_number(&u->rule->plugin, u->config->optimizer.config,
                                      slot->copies_parameter, slot->copies);
}

/* Arrays that a rule walks through side by side must not lie at the same place of their pages: the
 * processor would take a load for one that depends on the store to the array before. */
static void *slot_memory(updater *u, size_t bytes, size_t number)
{
    enum { STAGGER = 320, PAGE = 4096 };
    const size_t skip = bytes < PAGE ? 0 : (number + 1) * STAGGER % PAGE;
    char *block = allocate(bytes + skip, 1);
    u->slot_blocks[number] = block;
    return block + skip;
}

static void make_slots(updater *u)
{
    for (size_t i = 0; i < u->rule->slot_count; i++)
        u->slot_count += copies_of(u, slot_at(u->rule, i));
    u->slots = arena_alloc(u->memory, u->slot_count * sizeof *u->slots);
    u->slot_blocks = arena_alloc(u->memory, u->slot_count * sizeof *u->slot_blocks);
    u->extents = arena_alloc(u->memory, u->slot_count * sizeof *u->extents);
    u->state = arena_alloc(u->memory, u->slot_count * sizeof *u->state);
    size_t n = 0;
    for (size_t i = 0; i < u->rule->slot_count; i++) {
        const slope_slot *slot = slot_at(u->rule, i);
        const size_t elements = elements_of(u, slot->extent), copies = copies_of(u, slot);
        const bool reals = slot->extent == SLOPE_PER_ELEMENT;
        for (size_t c = 0; c < copies; c++, n++) {
            u->extents[n] = slot->extent;
            u->slots[n] = slot_memory(u, elements * (reals ? u->k->real_size : sizeof(double)), n);
            u->state[n] =
                (named_array){.name = arena_printf(u->memory, "optimizer.%s.%zu", slot->name, c),
                              .type = reals && u->k->real_size == 4 ? "F32" : "F64",
                              .rank = 1,
                              .extents = {elements},
                              .data = u->slots[n]};
        }
    }
}

/* Small slices share a piece: threads share pieces evenly, and so elements, too. */
static void make_pieces(updater *u)
{
    u->pieces = arena_alloc(u->memory, (u->slice_count + 1) * sizeof *u->pieces);
    u->piece_count = 0;
    for (size_t i = 0, elements = 0; i < u->slice_count; i++) {
        if (i == 0 || elements + u->slices[i].count > SLICE) {
            u->pieces[u->piece_count++] = i;
            elements = 0;
        }
        elements += u->slices[i].count;
    }
    u->pieces[u->piece_count] = u->slice_count;
}

/* Slices of a tensor are of one length, and a multiple of SHARES where they are many: so that two
 * or four threads can have equal shares. (Not a function of the number of threads: a rule sees its
 * slice.) */
static size_t slice_length(const updater *u, size_t size)
{
    enum { SHARES = 4, LINE = 16 /* elements, or a multiple of it */ };
    if (u->rule->scope != SLOPE_SCOPE_ELEMENT || size <= SLICE) return size;
    size_t slices = (size + SLICE - 1) / SLICE;
    if (slices > SHARES) slices = (slices + SHARES - 1) / SHARES * SHARES;
    const size_t length = (size + slices - 1) / slices;
    return (length + LINE - 1) / LINE * LINE;
}

static size_t slices_of(const updater *u, size_t tensor)
{
    const size_t size = u->layout->sizes[tensor];
    return size ? (size - 1) / slice_length(u, size) + 1 : 0;
}

static slice slice_number(const updater *u, size_t tensor, size_t i)
{
    const size_t size = u->layout->sizes[tensor], length = slice_length(u, size);
    const size_t begin = i * length, left = size - begin;
    return (slice){u->layout->offsets[tensor] + begin, left < length ? left : length, tensor};
}

/* A thread's share of every tensor, then the next thread's: threads take runs of neighbours
 * (host/team.h), so each updates that part of every tensor whose gradient it has computed, and
 * finds it in its cache. */
static void make_slices(updater *u)
{
    const size_t shares = (size_t)threads_count();
    for (size_t t = 0; t < u->layout->tensor_count; t++) u->slice_count += slices_of(u, t);
    u->slices = arena_alloc(u->memory, u->slice_count * sizeof *u->slices);
    slice *next = u->slices;
    for (size_t share = 0; share < shares; share++)
        for (size_t t = 0; t < u->layout->tensor_count; t++) {
            const size_t count = slices_of(u, t), end = (share + 1) * count / shares;
            for (size_t i = share * count / shares; i < end; i++) *next++ = slice_number(u, t, i);
        }
    make_pieces(u);
}

static double candidates_of(const updater *u)
{
    if (!u->rule->count_parameter) return 1;
    return description_number(&u->rule->plugin, u->config->optimizer.config,
                              u->rule->count_parameter, 1);
}

static void make_candidates(updater *u)
{
    u->candidate_count = (size_t)candidates_of(u);
    u->candidates = arena_alloc(u->memory, u->candidate_count * sizeof *u->candidates);
    u->losses = arena_alloc(u->memory, u->candidate_count * sizeof *u->losses);
    for (size_t i = 0; i < u->candidate_count; i++)
        u->candidates[i] = allocate(u->layout->total, u->k->real_size);
}

static bool sane(const updater *u, failure *why)
{
    const slope_scope scope = u->rule->scope;
    const bool population = scope == SLOPE_SCOPE_POPULATION;
    if (scope < SLOPE_SCOPE_ELEMENT || scope > SLOPE_SCOPE_POPULATION ||
        (population ? !u->rule->propose || !u->rule->select : !u->rule->update))
        return failure_set(why, STATUS_ENVIRONMENT, "%s: lacks the functions of its scope", u->who);
    for (size_t i = 0; i < u->rule->slot_count; i++) {
        const slope_extent extent = slot_at(u->rule, i)->extent;
        if ((extent == SLOPE_PER_TENSOR && scope != SLOPE_SCOPE_TENSOR) ||
            (extent == SLOPE_PER_MODEL && scope != SLOPE_SCOPE_MODEL && !population &&
             !LATER_OPERATION(u->rule, begin)))
            return failure_set(why, STATUS_ENVIRONMENT,
                               "%s: slot '%s' has an extent that its scope does not allow", u->who,
                               slot_at(u->rule, i)->name);
    }
    return true;
}

updater *updater_create(const trial_config *config, objective *o, uint64_t total_steps,
                        uint64_t steps_per_epoch, failure *why)
{
    const precision p = config->train.precision;
    updater *u = allocate(1, sizeof *u);
    u->memory = arena_create();
    u->config = config;
    u->o = o;
    u->layout = objective_layout(o);
    u->k = objective_kernels(o);
    u->rule = (const slope_optimizer *)config->optimizer.plugin->description[p];
    u->schedule = (const slope_schedule *)config->schedule.choice.plugin->description[p];
    u->who = arena_printf(u->memory, "optimizer %s", u->rule->plugin.id);
    u->learning_rate =
        description_number(&u->rule->plugin, config->optimizer.config, "learning_rate", 1);
    u->total_steps = total_steps;
    u->steps_per_epoch = steps_per_epoch;
    if (!sane(u, why)) {
        updater_destroy(u);
        return NULL;
    }
    make_slots(u);
    make_slices(u);
    if (u->rule->scope == SLOPE_SCOPE_POPULATION)
        make_candidates(u);
    else
        u->gradient = allocate(u->layout->total, u->k->real_size);
    if (LATER_OPERATION(u->rule, solution))
        u->solution = allocate(u->layout->total, u->k->real_size);
    u->fused = u->rule->scope <= SLOPE_SCOPE_TENSOR && isnan(config->clip.norm) &&
               isnan(config->clip.value) && config->train.gradient == GRADIENT_ANALYTIC &&
               !LATER_OPERATION(u->rule, begin); /* which looks at the whole gradient */
    return u;
}

void updater_destroy(updater *u)
{
    if (!u) return;
    for (size_t i = 0; i < u->slot_count; i++) free(u->slot_blocks[i]);
    for (size_t i = 0; i < u->candidate_count; i++) free(u->candidates[i]);
    free(u->gradient);
    free(u->solution);
    arena_destroy(u->memory);
    free(u);
}

size_t updater_need(const trial_config *config, const objective *o)
{
    const updater u = {.config = config,
                       .layout = objective_layout(o),
                       .k = objective_kernels(o),
                       .rule = (const slope_optimizer *)
                                   config->optimizer.plugin->description[config->train.precision]};
    const bool population = u.rule->scope == SLOPE_SCOPE_POPULATION;
    const double vectors =
        (population ? candidates_of(&u) : 1) + (LATER_OPERATION(u.rule, solution) ? 1 : 0);
    double bytes = vectors * (double)u.layout->total * (double)u.k->real_size;
    for (size_t i = 0; i < u.rule->slot_count; i++) {
        const slope_slot *slot = slot_at(u.rule, i);
        const size_t size = slot->extent == SLOPE_PER_ELEMENT ? u.k->real_size : sizeof(double);
        bytes += (double)copies_of(&u, slot) * (double)elements_of(&u, slot->extent) * (double)size;
    }
    return bytes < (double)SIZE_MAX ? (size_t)bytes : SIZE_MAX;
}

size_t updater_bytes(const updater *u)
{
    const size_t vectors = u->candidate_count + (u->gradient ? 1 : 0) + (u->solution ? 1 : 0);
    size_t bytes = sizeof *u + vectors * u->layout->total * u->k->real_size;
    for (size_t i = 0; i < u->slot_count; i++)
        bytes += sizeof *u->state +
                 u->state[i].extents[0] *
                     (u->extents[i] == SLOPE_PER_ELEMENT ? u->k->real_size : sizeof(double));
    return bytes;
}

const named_array *updater_state(const updater *u, size_t *count)
{
    *count = u->slot_count;
    return u->state;
}
