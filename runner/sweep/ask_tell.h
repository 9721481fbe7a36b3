/* sweep/ask_tell.h: trials that somebody else thinks of, one line of JSON each.
 *
 * An outside optimiser asks for a trial by saying what is different in it; it is trained, and what
 * came of it is the answer. Data, plugins and threads are there from one question to the next.
 * The same question gives the same answer but for times, and it is that of `slope run` with the
 * same configuration.
 *
 * With a folder (ask_tell_record.h) every trial that ends is written down before it is answered,
 * and runs once: asked for again, by this process or by a later one that goes on with the folder,
 * it is answered from its row, under the number that it had. So an optimiser that died is replayed
 * in no time: it asks what it asked, is told what it was told, and where the record ends training
 * begins. Pauses are on record, too; a trial that then goes on, or ends, where it did not before is
 * trained again up to there. One that was pruned and is asked for without a pause is trained to its
 * end. Who made the process crash is told as `failed`, and not tried again (crash.h).
 *
 * The words (protocol 1); every line is one JSON value:
 *
 *     greeting   {"protocol": 1, "slope": VERSION, "experiment": NAME, "metric": NAME,
 *                "direction": "maximize" or "minimize", "results": FOLDER (or null),
 *                "space": [DIMENSION, …]}
 *     DIMENSION  {"path": PATH, "kind": "choice", "choices": [{PATH: VALUE, …}, …]}: each of the
 *                choices can be put into a question as it is; or
 *                {"path": PATH, "kind": "range", "low": …, "high": …, "log": …, "integer": …}.
 *                "parent": {"dimension": I, "choice": K} if it is there only under that choice
 *     question   an object of paths and values, "id" (a scalar) apart: {"optimizer.learning_rate":
 *                0.1, "model": {"name": "mlp", "hidden": [32]}}; or an array of questions, whose
 *                trials train together where they can.
 *                With "until_step": S or "until_epoch": E the trial waits there, in memory, and is
 *                answered as `paused`; {"resume": N} goes on with trial N, to its end or until it
 *                is to wait again, and {"prune": N} ends it. Other trials may come in between, and
 *                pauses change no bit of a trial but those of its best evaluation
 *     answer     {"id": …, "trial": N, "status": …, …}, in an array if the question was one; N
 *                counts trials from 0, and is the number in trials.csv. Status `error`: nothing was
 *                trained, "message" says why (and N is null if there is no such trial). Otherwise
 * "hash" is the trial's id, "value" that of the greeting's metric at the last evaluation (null if
 *                the trial diverged, failed or was interrupted), and the rest has the names of
 *                trials.csv. What there is not, or is no number, is null
 *
 * Of the file's section `sweep`, the space is told in the greeting; metric, fuse and trial_seconds
 * count; the rest is the asker's business. */
#ifndef SLOPE_SWEEP_ASK_TELL_H
#define SLOPE_SWEEP_ASK_TELL_H

#include "config/experiment.h"

#include <stdio.h>

typedef struct ask_tell ask_tell;

/* Where trials are kept. */
typedef struct ask_tell_folder {
    const char *output;  /* folder to make, or NULL for results/<experiment>/<time> */
    const char *resume;  /* folder to go on with; then the experiment is its config.yaml. Or NULL */
    const char *command; /* command line, for the manifest */
} ask_tell_folder;

/* Reads the data. NULL with all that is wrong in `errors`. The experiment and its arena must
 * outlive it. */
ask_tell *ask_tell_create(const experiment *e, diagnostics *errors);

/* Makes or opens the folder; before the first question, or never, and then nothing is kept. */
bool ask_tell_open(ask_tell *s, const ask_tell_folder *folder, failure *why);
const char *ask_tell_results(const ask_tell *s); /* the folder; NULL: there is none */

/* False: the folder could not be closed as it should. `interrupted`: more would have been asked.
 * NULL is allowed. */
bool ask_tell_end(ask_tell *s, bool interrupted, failure *why);

void ask_tell_greet(const ask_tell *s, FILE *out);

/* Trains what the line asks for and writes the answer, with its line feed. `interrupted` is asked
 * between steps; once it says so, trials end with the status `interrupted`. False: the environment
 * failed, nothing is answered. */
bool ask_tell_answer(ask_tell *s, const char *line, size_t length, bool (*interrupted)(void *),
                     FILE *out, failure *why);

/* While nothing is asked: sees to it that what was written is on the disk. *left: it is not yet,
 * and this wants to be called again after a while. */
bool ask_tell_idle(ask_tell *s, bool *left, failure *why);

#endif
