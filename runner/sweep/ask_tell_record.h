/* sweep/ask_tell_record.h: the folder of `slope ask-tell`: what is written of each trial, and what
 * stands there already.
 *
 * The folder is that of a run (record/run_folder.h), with trials.csv and metrics.csv as they are
 * there; columns between hash and status are the paths that questions set, a new one for each path
 * that comes up. pauses.csv, with the columns of trials.csv, has a row for each time that a trial
 * waited. The rows of a trial are written when it ends or waits, before the answer is given, so a
 * process that is killed takes no answer with it; a loss of power may take those of the last
 * quarter of a second, or of more on a busy disk. A trial without a row in trials.csv has none in
 * metrics.csv.
 *
 * A crash leaves the note of a sweep (crash.h), one for each process. */
#ifndef SLOPE_SWEEP_ASK_TELL_RECORD_H
#define SLOPE_SWEEP_ASK_TELL_RECORD_H

#include "sweep/ask_tell.h"
#include "sweep/asked.h"
#include "sweep/plan.h"
#include "sweep/recorded.h"

typedef struct recorder recorder;

/* Makes the folder, or opens the one that is there and reads what it holds. NULL with the reason:
 * it cannot be written, belongs to something else, or plugins and data of `p` have changed since.
 */
recorder *recorder_create(const ask_tell_folder *folder, const experiment *e, plan *p,
                          failure *why);

const char *recorder_folder(const recorder *r);
size_t recorder_next(const recorder *r); /* the least number above those of all rows */

/* NULL: the trial has not ended; it never waited at that step. Until the next row is written. */
const recorded *recorder_find(const recorder *r, uint64_t id);
const recorded *recorder_find_pause(const recorder *r, uint64_t id, uint64_t step);
bool recorder_has_pauses(const recorder *r);

/* "the process crashed (SIGSEGV) in optimizer 'bad'", where the trial was alone at work then and
 * has no row yet; NULL: not that one. A suspect was at work together with others. */
const char *recorder_blames(const recorder *r, uint64_t id);
bool recorder_suspects(const recorder *r, uint64_t id);

/* All there is to write of a trial that ended, or waits. */
typedef struct record_of_trial {
    uint64_t id;
    size_t number;
    const asked_set *asked;
    const trial_config *config;
    const dataset *data;
    const trial_summary *summary;
    bool began; /* false: it never came to train */
    uint64_t steps;
    double epochs;
    double value;       /* of the metric */
    size_t point_count; /* its evaluations; of one that waits not written yet */
    const trial_point *points;
} record_of_trial;

/* Before the rows of a line: which plugins and data they rest on, into the manifest. False with the
 * reason where one is not what it was when the folder was begun. */
bool recorder_meet(recorder *r, failure *why);
bool recorder_write(recorder *r, const record_of_trial *t, failure *why);
/* After the rows of a line: they are given to the kernel; to the disk, if the last time is a while
 * ago, or with `now`. *left says whether something is still on its way there. */
bool recorder_commit(recorder *r, bool now, bool *left, failure *why);

/* The files in order, the manifest's last status. The recorder is gone in any case; NULL is
 * allowed. */
bool recorder_close(recorder *r, bool interrupted, failure *why);

#endif
