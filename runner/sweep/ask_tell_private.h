/* sweep/ask_tell_private.h: what the files of ask_tell.h share. For nobody else.
 *
 *     ask_tell.c         from a line to trials and back
 *     ask_tell_train.c   training those of one line
 *     ask_tell_words.c   greeting and answers
 */
#ifndef SLOPE_SWEEP_ASK_TELL_PRIVATE_H
#define SLOPE_SWEEP_ASK_TELL_PRIVATE_H

#include "engine/trial.h"
#include "sweep/ask_tell.h"
#include "sweep/json.h"
#include "sweep/plan.h"

struct ask_tell {
    arena *memory;
    const experiment *experiment; /* as the file has it, for its space */
    plan *plan;                   /* of the file without what it sweeps: one trial */
    metric metric;
    bool fuse;
    double trial_seconds; /* NAN: no limit */
    size_t asked;         /* so far */
};

/* One trial that was asked for. */
typedef struct question {
    const json_t *id;  /* NULL: none was given */
    size_t number;     /* SIZE_MAX: the line was none */
    const char *error; /* NULL: it is trained */
    plan_single single;
    trial_summary summary;
    double value;  /* of the metric */
    uint64_t step; /* that it came to */
    double epoch;
} question;

/* Trains those without an error; one that its data do not fit gets one. `a` for scratch. */
void ask_tell_train(const ask_tell *s, question *all, size_t count, bool (*interrupted)(void *),
                    arena *a);

void ask_tell_write_answer(const ask_tell *s, const question *q, FILE *out);

#endif
