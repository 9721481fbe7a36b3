/* sweep/ask_tell_private.h: what the files of ask_tell.h share. For nobody else.
 *
 *     ask_tell.c         from a line to trials and back
 *     ask_tell_read.c    one question
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
    size_t asked;         /* trials so far */
    struct waiting *waiting;
    size_t waiting_count, waiting_room;
};

/* A trial that was paused. */
typedef struct waiting {
    size_t number;
    arena *memory; /* of its configuration */
    plan_single single;
    trial *trial;
} waiting;

/* One trial that was asked for. */
typedef struct question {
    const json_t *id;  /* NULL: none was given */
    size_t number;     /* SIZE_MAX: there is no such trial */
    const char *error; /* NULL: it is trained, or pruned */
    bool prune;
    uint64_t until_step; /* UINT64_MAX: to the end … */
    double until_epoch;  /* … unless this is not NAN */
    arena *memory;       /* of a trial that may wait; NULL: the line's */
    trial *trial;        /* that waits, before and after training; or NULL */
    plan_single single;
    trial_summary summary;
    double value;  /* of the metric */
    uint64_t step; /* that it came to */
    double epoch;
} question;

/* Takes the trials that it resumes or prunes off the list of those that wait. The answer may need
 * `asked` and what is in `a`. */
void ask_tell_read(ask_tell *s, const json_t *asked, question *q, arena *a);

/* The step at which the trial is to wait; UINT64_MAX: nowhere. */
uint64_t ask_tell_until(const question *q, const trial *t);

/* Trains those without an error; one that its data do not fit gets one. `a` for scratch. */
void ask_tell_train(const ask_tell *s, question *all, size_t count, bool (*interrupted)(void *),
                    arena *a);

void ask_tell_write_answer(const ask_tell *s, const question *q, FILE *out);

#endif
