/* kit/bench.h: what a step of an update rule costs, beside other rules.
 *
 * One thread, float32 or float64, the gradient is there already: only the rule is timed (of a rule
 * that asks for the objective elsewhere or proposes candidates, without the evaluations). The rules
 * take turns, so that whatever else the machine does falls on all of them; medians over the turns.
 */
#ifndef SLOPE_KIT_BENCH_H
#define SLOPE_KIT_BENCH_H

#include "host/registry.h"

typedef struct bench_rule {
    const host_plugin *plugin;
    double memory;   /* bytes of state for each parameter */
    double *seconds; /* of one step, median, for each size */
} bench_rule;

/* Fills memory and seconds of the rules for the sizes. False if a rule has parameters without
 * default, lacks the precision, or fails. */
bool bench_run(arena *a, bench_rule *rules, size_t rule_count, const size_t *sizes,
               size_t size_count, precision p, failure *why);

#endif
