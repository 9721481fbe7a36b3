/* slope/optimizer.h: the contract of an update rule.
 *
 * An optimizer turns weights and a gradient into new weights. It owns no memory: what it must
 * remember lives in slots that it declares and the host allocates, zeroes, slices, saves and
 * restores. The step number is an argument. So checkpoints, parallel updates and fused sweeps need
 * no line here.
 *
 * What is not an optimizer's business: schedules and clipping (the host applies them to every
 * rule), regularisation of the objective (it is in the gradient), batches, and threads.
 */
#ifndef SLOPE_OPTIMIZER_H
#define SLOPE_OPTIMIZER_H

#include "arithmetic.h"
#include "host.h"
#include "kernels.h"

/* How much of the parameter vector one call must see. */
typedef enum slope_scope {
    SLOPE_SCOPE_ELEMENT =
        1, /* any slice may be updated on its own, in any order, at the same time */
    SLOPE_SCOPE_TENSOR = 2, /* one call per tensor (layer-wise rules) */
    SLOPE_SCOPE_MODEL = 3,  /* one call for the whole vector; may ask for the objective elsewhere */
    SLOPE_SCOPE_POPULATION = 4, /* no gradient: proposes candidates and is told their losses */
} slope_scope;

/* What one copy of a slot holds. */
typedef enum slope_extent {
    SLOPE_PER_ELEMENT = 1, /* real[n]: one number beside each weight; sliced like the weights */
    SLOPE_PER_TENSOR = 2,  /* double[1] per tensor; only for scope TENSOR */
    SLOPE_PER_MODEL = 3,   /* double[1]; for scopes MODEL and POPULATION, and for the others if they
                              have `begin`, which writes it; `update` then only reads it */
} slope_extent;

/* A piece of state. All zero before the first step. */
typedef struct slope_slot {
    const char *name; /* names the tensors in a checkpoint */
    slope_extent extent;
    uint32_t copies; /* how many of that extent, one after another in the slot array; at least 1 */
    const char *copies_parameter; /* NULL, or key of the integer parameter that says how many */
} slope_slot;

/* One call of `update`.
 * Padding: host-side gaps between tensors are never inside a slice of scope ELEMENT or TENSOR; in
 * scope MODEL they are inside [0, n) with weight and gradient 0. */
typedef struct slope_update {
    uint32_t size;
    const slope_host *host;
    const void *config; /* the plugin's config struct */
    size_t n;           /* elements in this slice */
    size_t first;       /* index of its first element in the whole vector */
    real *weights;      /* n, in place */
    const real
        *gradient;      /* n; of the objective (mean data loss + regularisation), already clipped */
    void *const *slots; /* one pointer per copy of each declared slot, in declared order: real *
                           (n long) for PER_ELEMENT, double * (1 long) for the other extents */
    uint64_t step;      /* 1 for the first update of a run */
    double learning_rate; /* this step's: the parameter of that name times the schedule's factor;
                             just the factor if the rule has no such parameter */
    double loss;          /* objective at `weights` before this update, on this step's batch */

    /* Scope MODEL only, otherwise NULL: objective, and gradient if not NULL, at other weights (n
     * long) on this step's batch. Several threads work inside; call it from one. */
    slope_status (*objective)(const slope_host *host, const real *weights, double *loss,
                              real *gradient);

    /* The same on all training rows, for rules that now and then want the gradient that no batch
     * has disturbed. Costs a pass over the data. */
    slope_status (*full_objective)(const slope_host *host, const real *weights, double *loss,
                                   real *gradient);
} slope_update;

/* One call of `propose` or `select`, scope POPULATION. */
typedef struct slope_population {
    uint32_t size;
    const slope_host *host;
    const void *config;
    size_t n;     /* elements of the whole vector, padding included (write anything there) */
    size_t count; /* candidates */
    real *const *candidates; /* count pointers to n elements; written by propose, kept for select,
                                which may overwrite them */
    const double *losses;    /* count objectives of the candidates; NULL in propose.
                                NAN or infinite for a candidate that has none */
    real *weights;           /* n: the solution; select moves it */
    void *const *slots;      /* as in slope_update */
    uint64_t step;           /* 1 for the first */
    double learning_rate;    /* as in slope_update */
} slope_population;

typedef struct slope_optimizer {
    slope_plugin plugin;
    slope_scope scope;
    const slope_slot *slots; /* NULL if there are none */
    uint32_t slot_count;
    uint32_t slot_size; /* sizeof(slope_slot) as the plugin's compiler saw it */

    /* Scopes ELEMENT, TENSOR, MODEL. Thread: any; slices run at the same time. */
    slope_status (*update)(const slope_update *call);

    /* Scope POPULATION. Thread: one at a time. The number of candidates is the value of the integer
     * parameter that `count_parameter` names. */
    const char *count_parameter;
    slope_status (*propose)(const slope_population *call);
    slope_status (*select)(const slope_population *call);

    /* Optional (NULL), scopes ELEMENT and TENSOR: called once in every step before its slices, with
     * the whole vector as scope MODEL sees it (gaps are 0), for what is one number for all slices,
     * such as a norm. Writes slots of any extent, but not the weights. */
    slope_status (*begin)(const slope_update *call);

    /* Optional (NULL), scopes ELEMENT, TENSOR and MODEL: the weights that are evaluated, saved and
     * reported where they are not those at which gradients are taken (averages, schedule-free
     * rules). Writes out[i] for all i < n from weights and slots of the slice, which it leaves as
     * they are; any slice gives the bits of one call. `step` is the number of updates done: 0
     * before the first, when slots are all 0. gradient is NULL. Thread: as update. */
    void (*solution)(const slope_update *call, real *out);
} slope_optimizer;

#define SLOPE_SLOTS(table) \
    .slots = (table), .slot_count = sizeof(table) / sizeof((table)[0]), \
    .slot_size = sizeof(slope_slot)

#endif
