/* sweep/ask_tell_private.h: what the files of ask_tell.h share. For nobody else.
 *
 *     ask_tell.c         from a line to trials and back
 *     ask_tell_read.c    one question
 *     ask_tell_recall.c  what is on record already, and what is put there
 *     ask_tell_train.c   training those of one line
 *     ask_tell_words.c   greeting and answers
 */
#ifndef SLOPE_SWEEP_ASK_TELL_PRIVATE_H
#define SLOPE_SWEEP_ASK_TELL_PRIVATE_H

#include "engine/trial.h"
#include "sweep/ask_tell.h"
#include "sweep/ask_tell_record.h"
#include "sweep/json.h"
#include "sweep/plan.h"

struct ask_tell {
    arena *memory;
    const experiment *experiment; /* as the file has it, for its space */
    plan *plan;                   /* of the file without what it sweeps: one trial */
    recorder *record;             /* NULL: nothing is kept */
    metric metric;
    bool fuse;
    double trial_seconds; /* NAN: no limit */
    size_t next;          /* number of the next trial */
    struct question *waiting;
    size_t waiting_count, waiting_room;
};

/* The evaluations of a trial so far, which are written when it ends. */
typedef struct points {
    trial_point *list;
    size_t count, room;
} points;

/* One trial that was asked for. */
typedef struct question {
    /* what the line says */
    const json_t *id;  /* NULL: none was given */
    const char *error; /* NULL: it is answered with a result */
    bool prune;
    uint64_t until_step; /* UINT64_MAX: to the end … */
    double until_epoch;  /* … unless this is not NAN */

    /* the trial; what stays while it waits */
    size_t number; /* SIZE_MAX: there is no such trial */
    arena *memory; /* of a trial that may wait; NULL: the line's */
    trial
        *trial; /* that waits, before and after training; NULL: none, or it waits on record only */
    plan_single single;
    asked_set asked;  /* what is different; empty without a record */
    points points;    /* none without a record */
    uint64_t *pauses; /* of one that waits on record only: the steps at which it did so far */
    size_t pause_count;

    /* what came of it */
    bool settled;  /* without training */
    bool recalled; /* from the record: nothing is written either */
    size_t same;   /* number in the line of the question that this one repeats; SIZE_MAX: none */
    bool waits;    /* answered as paused */
    bool began;    /* it came to train */
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

/* Answers those that are on record, and gives numbers to the others. Without a record only that. */
void ask_tell_recall(ask_tell *s, question *all, size_t count);
/* Whether the trial was under way with others when an earlier process crashed. */
bool ask_tell_suspects(const ask_tell *s, const question *q);
/* Writes down what ended or waits. */
bool ask_tell_keep(ask_tell *s, question *all, size_t count, failure *why);

/* Trains those without an error or an answer; one that its data do not fit gets an error. `a` for
 * scratch. */
void ask_tell_train(const ask_tell *s, question *all, size_t count, bool (*interrupted)(void *),
                    arena *a);

void ask_tell_write_answer(const ask_tell *s, const question *q, FILE *out);

#endif
