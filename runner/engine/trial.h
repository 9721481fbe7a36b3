/* engine/trial.h: training one configuration from its first step to its last.
 *
 * A trial is a state (weights, optimizer state, step, best so far) and the loop that moves it. It
 * prints nothing and writes nothing: whoever runs it watches through trial_watch and may save and
 * restore the state between steps. The state after step t is a function of configuration and data.
 */
#ifndef SLOPE_ENGINE_TRIAL_H
#define SLOPE_ENGINE_TRIAL_H

#include "engine/objective.h"

typedef struct trial trial;

typedef enum trial_status {
    TRIAL_RUNNING = 0,
    TRIAL_FINISHED,    /* limit, target or patience reached */
    TRIAL_DIVERGED,    /* the objective is not finite; the message names the step */
    TRIAL_FAILED,      /* a plugin reported an error */
    TRIAL_INTERRUPTED, /* asked to stop; can be gone on with */
    TRIAL_PAUSED,      /* stands at the step of trial_pause_at; can be gone on with */
    TRIAL_PRUNED,      /* ended by trial_prune */
    TRIAL_TIMEOUT,     /* the limit of trial_limit_seconds is reached */
} trial_status;

const char *trial_status_name(trial_status status); /* "finished", as tables have it */

/* One evaluation: a row of metrics.csv. What was not evaluated is NAN. */
typedef struct trial_point {
    uint64_t step;        /* updates done */
    double epoch;         /* passes over the training rows done */
    double learning_rate; /* of the update before, or of the first one */
    evaluation train, validation;
    double train_objective;                 /* train.loss plus regularisation */
    double train_seconds, evaluate_seconds; /* so far */
} trial_point;

typedef struct trial_summary {
    trial_status status;
    char message[2200]; /* why it ended, if there is more to say; else "" */
    trial_point last;
    double best_validation_accuracy, best_validation_loss; /* NAN without validation rows */
    uint64_t best_step;                                    /* where the metric of `stop` was best */
    evaluation test; /* once, at the end; not made of a trial that is pruned or out of time */
} trial_summary;

typedef struct trial_watch {
    void *argument;
    /* After every step; `loss` is the batch's objective. Cheap, please. */
    void (*stepped)(void *argument, const trial *t, double loss);
    /* After every evaluation. False with the reason ends the run (disk full). */
    bool (*evaluated)(void *argument, const trial *t, const trial_point *point, failure *why);
    /* When `record.parameters` is due: at the start, every so many steps, and at the end. `loss` is
     * the objective on the training rows at `weights`, those that are evaluated. Same. */
    bool (*recorded)(void *argument, const trial *t, const void *weights, double loss,
                     failure *why);
    /* When `record.batch_loss` is due: the objective on the step's batch, before its update. Same.
     */
    bool (*batch_recorded)(void *argument, const trial *t, double loss, failure *why);
    /* When a checkpoint is due, and on interruption. Same. */
    bool (*checkpoint)(void *argument, const trial *t, failure *why);
    /* Asked between steps: end now? */
    bool (*interrupted)(void *argument);
} trial_watch;

trial *trial_create(const trial_config *config, const dataset *data, failure *why);
void trial_destroy(trial *t);

/* A number that whoever watches knows the trial by; 0 unless set. Changes nothing of the trial. */
void trial_set_number(trial *t, size_t number);
size_t trial_number(const trial *t);

/* Runs to the end, or until interrupted or paused. False only if `watch` failed (status
 * ENVIRONMENT); what happens to the trial itself is in the summary. */
bool trial_run(trial *t, const trial_watch *watch, failure *why);
const trial_summary *trial_result(const trial *t);

/* Where to wait: trial_run ends there with TRIAL_PAUSED, evaluated at that step, unless the trial
 * ends before or right there; running it again goes on. UINT64_MAX, as in the beginning: nowhere.
 */
void trial_pause_at(trial *t, uint64_t step);

/* Seconds of training and evaluation together, its own share where trials run together, after which
 * it ends with TRIAL_TIMEOUT before its next step. NAN, as in the beginning: none. */
void trial_limit_seconds(trial *t, double seconds);

/* Ends a trial that waits, with TRIAL_PRUNED and `message`. */
void trial_prune(trial *t, const char *message);

/* Between steps: everything needed to go on, to and from one file. `extra` (ended by a NULL name,
 * or NULL) is kept beside it. Restoring checks that names and sizes fit. */
struct named_text;
bool trial_save(const trial *t, const char *path, const struct named_text *extra, failure *why);
bool trial_restore(trial *t, const char *path, failure *why);

/* The weights alone, by the model's tensor names: those that were evaluated, where the rule tells
 * them from those that it trains (a checkpoint keeps the latter). */
bool trial_save_weights(const trial *t, const char *path, failure *why);

double trial_epoch(const trial *t);
uint64_t trial_last_step(const trial *t); /* where it ends at the latest; UINT64_MAX: not known */
uint64_t trial_steps_per_epoch(const trial *t);
uint64_t trial_step(const trial *t);
const layout *trial_layout(const trial *t);
double trial_objective_at(trial *t, const void *weights); /* on the training rows */
double trial_rows_per_second(const trial *t);             /* trained; NAN before the first step */
double trial_fraction(const trial *t);             /* of the limit that is done; NAN if unknown */
double trial_metric(const trial *t, metric which); /* of its last evaluation */
size_t trial_bytes(const trial *t); /* of memory, without what threads and trials share */

#endif
