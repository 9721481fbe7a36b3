/* kit/instance.h: one run of an update rule: weights, gradient and state, each with guard zones.
 * Part of the checks of optimizers. */
#ifndef SLOPE_KIT_INSTANCE_H
#define SLOPE_KIT_INSTANCE_H

#include "kit/private.h"

#include "slope/optimizer.h"

/* What is minimised. Values and gradients at any weights, for rules that ask. */
typedef struct problem {
    size_t n;
    double (*value)(const struct problem *p, uint64_t step, const buffer *w, buffer *gradient);
} problem;

typedef struct instance {
    const subject *s;
    const slope_optimizer *rule;
    const void *config;
    const problem *problem;
    call_host host;
    buffer weights, gradient, value; /* value: one double, the objective at the weights */
    size_t copies;
    buffer *slots;
    bool *sliced; /* of each slot: cut with the weights; otherwise one double */
    uint64_t step;
    double learning_rate;
    bool strict; /* a call that does more than it may fails the check at once */
} instance;

/* Weights as `seed` draws them; all slots zero. */
void instance_start(instance *in, const subject *s, const void *config, const problem *p,
                    uint64_t seed);

/* One step of the rule, whatever its scope; `cuts` (ended by n; NULL: none) slices the update. */
void instance_step(instance *in, const size_t *cuts);

/* The same when gradient or losses are not finite: kind 0 nan, 1 inf, 2 -inf. May fail. */
void instance_bad_step(instance *in, int kind);

/* The weights that are evaluated: the rule's solution, or the weights themselves. */
buffer instance_solution(instance *in, const size_t *cuts);

/* A copy in other memory, as a checkpoint would restore it. */
void instance_restore(instance *to, const instance *from);

bool instance_same(const instance *one, const instance *other);
void instance_trace(const instance *in, trace *out);
bool instance_guards_whole(const instance *in);

/* Gradients that look random and do not depend on the weights, all of a size that no rounding can
 * turn the sign of; for rules that ask for the objective elsewhere a quadratic. */
extern const problem noise_problem, moving_problem;
/* ½ Σ c_i (w_i - 1)², c from 0.1 to 1; and Rosenbrock's valley in two dimensions. */
extern const problem quadratic_problem, rosenbrock_problem;
const problem *usual_problem(const subject *s);

#endif
