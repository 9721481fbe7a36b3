/* sweep/run_private.h: what the files of a run share. For nobody else.
 *
 *     run.c          from start to end: folder, manifest, exit status
 *     run_resume.c   what an earlier process left
 *     run_refuse.c   why it does not belong to this run
 *     run_groups.c   which trials train together
 *     run_trials.c   training them: rounds, cohorts, rungs
 *     run_group.c    one group of them, and the end of each
 *     run_stop.c     being asked to stop
 *     run_rows.c     trials.csv and metrics.csv, whose rows trial_rows.h has
 *     run_records.c  paths.csv and batch_loss.csv, and what `surface` is compared with
 *     run_show.c     progress; run_table.c: the tables at the end
 *     run_best.c     whose weights are kept
 *     run_rehearse.c --dry-run; run_merge.c: slope merge
 *
 * Groups train at the same time on several threads; `mutex` guards all that they write to. */
#ifndef SLOPE_SWEEP_RUN_PRIVATE_H
#define SLOPE_SWEEP_RUN_PRIVATE_H

#include "record/csv.h"
#include "record/csv_scan.h"
#include "record/progress.h"
#include "record/run_folder.h"
#include "sweep/outcome.h"
#include "sweep/plan.h"
#include "sweep/run.h"

#include <pthread.h>
#include <stdatomic.h>

#define RUN_PATHS   "paths.csv"
#define RUN_BATCHES "batch_loss.csv"
#define RUN_CRASH   "checkpoint/crash"

enum { NO_CHECKPOINT = -1 };

/* Why no new trial is begun and those under way are to stop. */
typedef enum stop_reason {
    STOP_NOT = 0,
    STOP_INTERRUPT, /* Ctrl-C */
    STOP_AGAIN,     /* SIGTERM or SIGUSR1: a cluster wants its node back */
    STOP_LIMIT,     /* sweep.seconds */
    STOP_FAILURES,  /* sweep.on_error: stop, sweep.max_failures */
} stop_reason;

/* What belongs to one trial beside its outcome. */
typedef struct standing {
    int64_t checkpoint;  /* step of its checkpoint file, NO_CHECKPOINT: none */
    bool suspect;        /* was under way when the process crashed: trains alone */
    struct rungs *rungs; /* NULL without a pruner, and until the trial is first made */
} standing;

enum { MOST_RUNGS = 64 };

/* Where a trial waits for the pruner's word, and what it had reached there. */
typedef struct rungs {
    size_t count, known; /* rungs before its limit, and those that it has come to */
    struct {
        uint64_t step;
        double value; /* of the metric, turned so that smaller is better */
    } at[];
} rungs;

typedef struct run {
    arena *memory;
    const experiment *experiment;
    const run_options *options;
    const sweep_config *sweep; /* never NULL here; is_sweep: there is such a section */
    bool is_sweep;
    shard shard;
    plan *plan;
    run_folder folder;
    size_t count;        /* trials planned so far */
    outcome *outcomes;   /* of each trial */
    standing *standings; /* of each trial */
    metric metric;       /* what trials are compared by */

    pthread_mutex_t mutex; /* guards what follows */
    csv_writer *trials, *metrics;
    csv_writer *paths, *batches; /* NULL: no trial records them */
    const char **path_columns;   /* NULL: no paths */
    size_t path_column_count;
    bool records_batches;
    size_t *uncommitted; /* trials whose rows are held until what they rest on is on the disk */
    atomic_size_t uncommitted_count; /* looked at without the lock, too */
    size_t uncommitted_capacity;
    double committed_at;
    size_t *best; /* trials whose weights are kept, the best first */
    size_t best_count, best_capacity;
    size_t failures, differing; /* differing: found twice with different results */
    progress *progress;
    size_t done_before, done; /* trials with a final row: before this process, now */
    double latest_loss, latest_score, best_score;
    const char *loss_name, *score_name;
    size_t best_trial;
    failure broken; /* the environment failed: the first reason */

    size_t rung;           /* up to which trials train now; SIZE_MAX: to the end */
    size_t groups_at_once; /* as far as the estimate of the time left is concerned */
    atomic_int stop;       /* stop_reason */
    atomic_bool failed;
    const char *started;
    double started_at, seconds_before;
    int resumes;
    bool begun; /* the files of the start are on the disk */
} run;

/* One trial at work, in a group. trial_number() is its place in the group. */
typedef struct lane {
    size_t number;
    const trial_config *config;
    trial *trial;          /* NULL: there is none, as after a crash */
    const size_t *columns; /* of paths.csv, of each parameter; NULL: none */
} lane;

typedef struct group {
    run *run;
    arena *memory; /* of the configurations; made when it begins */
    size_t count;
    const size_t *numbers; /* of the trials */
    lane *lanes;
    bool sole; /* has all threads to itself */
} group;

typedef struct run_bytes {
    int64_t trials, metrics, paths, batches; /* lengths to keep of the files; negative: new ones */
} run_bytes;

double run_now(void); /* seconds, monotonic */
const char *run_path(arena *a, const run *r, const char *name);
const char *run_checkpoint_path(arena *a, const run *r, size_t trial);
const char *run_weights_path(arena *a, const run *r, size_t trial);
bool run_in_shard(const run *r, size_t trial);

/* ---- run_resume.c ---------------------------------------------------------------------------- */

/* Reads what is there into outcomes and standings, filters the files; the writers are open after
 * it.
 */
bool run_go_on(run *r, failure *why);

/* A folder whose rows are taken. */
typedef struct row_giver {
    const char *folder;
    const size_t *numbers; /* what number here each of its trials has, ROW_DROPPED: none; NULL: the
                              folder is the run's own, and numbers stay */
    size_t number_count;
} row_giver;

/* The rows of some folders into the files of the run, in order. Those of a trial that is done, or
 * was interrupted, are kept; of others those up to its checkpoint. `takes_from` (NULL: the first)
 * says for each trial whose rows count. The files must be closed; *bytes are their lengths then. */
bool run_take_rows(run *r, size_t count, const row_giver *givers, const size_t *takes_from,
                   run_bytes *bytes, failure *why);

/* What trials.csv of a folder says. */
typedef struct trials_read {
    size_t *numbers; /* as in row_giver; free() them */
    size_t count, capacity;
    size_t unknown; /* trials that the plan does not know; the id of the first is */
    char foreign[17];
} trials_read;

/* Reads it into outcomes. Trials that are done already keep theirs. A file that is not there is one
 * without rows. */
bool run_read_trials(run *r, const char *folder, trials_read *read, failure *why);

/* Like run_go_on, for a folder whose experiment had fewer values. */
bool run_extend(run *r, failure *why);

/* ---- run_refuse.c ---------------------------------------------------------------------------- */

/* Nothing is mixed: false, with what is not what it was, where a configuration, a plugin or a file
 * of data changed since the run in the folder began. */
bool run_is_unchanged(run *r, failure *why);
/* False where trials of the folder are not of this experiment: with what differs. */
bool run_knows_all(run *r, const trials_read *read, failure *why);
bool run_may_extend(run *r, const trials_read *read, failure *why);
/* Of the folder, one of those that are put together; `first` is the one whose configuration it is.
 */
bool run_may_merge(run *r, const trials_read *read, const char *folder, const char *first,
                   failure *why);

/* ---- run_groups.c ---------------------------------------------------------------------------- */

/* Cuts the trials (numbers, ascending) into groups that may train together. Memory of the arena. */
size_t run_make_groups(run *r, arena *a, size_t count, const size_t *numbers, group **groups,
                       failure *why);

/* ---- run_trials.c ---------------------------------------------------------------------------- */

/* Trains everything that is not done. False: the environment failed. */
bool run_trials(run *r, failure *why);

/* ---- run_rows.c ------------------------------------------------------------------------------ */

bool run_open_files(run *r, const run_bytes *keep, failure *why);
bool run_close_files(run *r, failure *why);
bool run_write_metrics(run *r, const lane *l, const trial_point *p, failure *why);

/* The row of a trial that ended, held until run_commit(); the trial of the lane may be NULL. */
void run_write_trial(run *r, const lane *l, const trial_summary *summary);
/* Everything so far goes to the disk, trials.csv last. With `soon`, only if the last time is a
 * while ago: many trials share one flush. */
bool run_commit(run *r, bool soon, failure *why);

/* The columns of trials.csv that make an outcome. */
enum {
    OUTCOME_TRIAL,
    OUTCOME_ID,
    OUTCOME_STATUS,
    OUTCOME_MESSAGE,
    OUTCOME_STEPS,
    OUTCOME_EPOCHS,
    OUTCOME_LOSS,
    OUTCOME_TRAIN_ACCURACY,
    OUTCOME_VALIDATION_ACCURACY,
    OUTCOME_TEST_ACCURACY,
    OUTCOME_TRAIN_R2,
    OUTCOME_VALIDATION_R2,
    OUTCOME_TEST_R2,
    OUTCOME_TRAIN_SECONDS,
    OUTCOME_EVALUATE_SECONDS,
    OUTCOME_METRIC, /* of the run */
    OUTCOME_COLUMNS
};
bool run_find_columns(const run *r, const csv_scan *trials, size_t columns[OUTCOME_COLUMNS]);
outcome run_read_outcome(run *r, const char *const *cells, const size_t columns[OUTCOME_COLUMNS]);
bool run_predicts_numbers(const trial_config *c); /* regression: r2 in place of accuracy */
double run_smaller_is_better(metric m, double value);

/* ---- run_records.c --------------------------------------------------------------------------- */

/* Before the start: which columns paths.csv has, and whether `surface` is right about the trials.
 */
bool run_plan_records(run *r, failure *why);
bool run_open_records(run *r, int64_t paths_bytes, int64_t batches_bytes, failure *why);
bool run_sync_records(run *r, failure *why);
bool run_close_records(run *r, failure *why);
/* Place in a row of paths.csv of each parameter. */
const size_t *run_path_columns(run *r, arena *a, const trial *t);
bool run_write_path(run *r, const lane *l, const void *weights, double loss, failure *why);
bool run_write_batch_loss(run *r, const lane *l, double loss, failure *why);
/* How near the trials came to the minima that `surface` knows; nothing without them. */
void run_print_surface(const run *r);

/* ---- run_best.c ------------------------------------------------------------------------------ */

/* Keeps the weights of a trial that finished, if they are to be kept. */
bool run_keep_weights(run *r, const lane *l, failure *why);
/* After a resume: the best of those that are done. */
void run_find_best(run *r);
/* Weights of trials that were driven out, or never finished. */
void run_remove_other_weights(const run *r);

/* ---- run_show.c, run_table.c ----------------------------------------------------------------- */

void run_show_step(run *r, const group *g, const lane *l, double loss);
void run_show_evaluation(run *r, const group *g, const lane *l);
void run_show_end(run *r);
void run_print_table(const run *r);

/* ---- run_stop.c ------------------------------------------------------------------------------ */

void run_watch_signals(void);
/* Between steps, from any thread: whether to stop now; a limit in time is noticed here. */
bool run_asked_to_stop(run *r);
void run_ask_to_stop(run *r, stop_reason reason);

/* ---- run.c ----------------------------------------------------------------------------------- */

/* The next round of a sampler that looks at results. */
bool run_more(run *r, size_t *added, failure *why);
bool run_begin(run *r, const experiment *e, const run_options *options, failure *why);
void run_end(run *r);
ingredients run_ingredients(run *r); /* in the run's arena */
bool run_write_manifest(run *r, run_status status, failure *why);
/* A folder for it, with config.yaml and manifest. */
bool run_make_folder(run *r, failure *why);
bool run_write_config(run *r, failure *why);

#endif
