/* report/profile.h: performance profiles of optimizers, for the tables that are made of them. */
#ifndef SLOPE_REPORT_PROFILE_H
#define SLOPE_REPORT_PROFILE_H

#include "report/comparison.h"

enum { PROFILE_TAUS = 6, PROFILE_TAU = 4 }; /* PROFILE_TAU: up to which the area counts */

extern const double profile_taus[PROFILE_TAUS];

typedef struct profile {
    size_t optimizer;
    size_t tried, solved;        /* problems; solved: those whose target it met */
    double within[PROFILE_TAUS]; /* fraction of problems with an effort of at most tau times the
                                    least */
    double area;                 /* below that curve, from tau 1 to PROFILE_TAU, as a fraction */
} profile;

/* Of all optimizers, the greatest area first. *problems receives how many count: those whose target
 * somebody met. */
const profile *profiles_of(const comparison *all, size_t *problems);

#endif
