/* engine/run.c: see run.h. What is written and printed is in run_rows.c. */
#include "engine/run.h"

#include "base/files.h"
#include "engine/run_private.h"
#include "host/services.h"
#include "record/csv_read.h"
#include "record/safetensors.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- interruption ---------------------------------------------------------------------------- */

static volatile sig_atomic_t asked_to_stop;

/* The first signal asks; a second one ends the program at once. */
static void on_signal(int number)
{
    asked_to_stop = 1;
    signal(number, SIG_DFL);
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    asked_to_stop = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static bool interrupted(void *argument)
{
    (void)argument;
    return asked_to_stop;
}

/* ---- data ------------------------------------------------------------------------------------ */

static bool load_data(run *r, failure *why)
{
    const experiment *e = r->experiment;
    r->datasets = arena_alloc(r->memory, e->base_count * sizeof *r->datasets);
    r->data_of = arena_alloc(r->memory, e->base_count * sizeof *r->data_of);
    const trial_config **first = arena_alloc(r->memory, e->base_count * sizeof *first);
    for (size_t t = 0; t < e->base_count; t++) {
        size_t d = 0;
        while (d < r->dataset_count && !dataset_same(&first[d]->dataset, &e->bases[t].dataset)) d++;
        if (d == r->dataset_count) {
            r->datasets[d] = dataset_load(&e->bases[t].dataset, why);
            if (!r->datasets[d]) return false;
            first[d] = &e->bases[t];
            r->dataset_count++;
        }
        r->data_of[t] = r->datasets[d];
    }
    return true;
}

/* Every trial is made once and thrown away, so that what does not fit is found before the start. */
static bool try_trials(run *r, failure *why)
{
    for (size_t t = 0; t < r->experiment->base_count; t++) {
        trial *made = trial_create(&r->experiment->bases[t], r->data_of[t], why);
        if (!made) return failure_context(why, "trial %zu (%s)", t, r->experiment->bases[t].label);
        const bool good = run_plan_records(r, t, made, why);
        trial_destroy(made);
        if (!good) return failure_context(why, "trial %zu (%s)", t, r->experiment->bases[t].label);
    }
    return true;
}

/* ---- starting and going on ------------------------------------------------------------------- */

static const char *in_folder(const run *r, const char *name)
{
    return path_join(r->memory, r->folder.path, name);
}

static bool write_manifest(run *r, run_status status, failure *why)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    return manifest_write(&r->folder,
                          &(provenance){.status = status,
                                        .command = r->options->command,
                                        .threads = threads_count(),
                                        .isa = kernels_isa(),
                                        .experiment = r->experiment,
                                        .datasets = (const dataset *const *)r->datasets,
                                        .dataset_count = r->dataset_count,
                                        .seconds = r->seconds_before + (now - r->started_at),
                                        .started = r->started,
                                        .resumes = r->resumes},
                          why);
}

static bool start(run *r, failure *why)
{
    if (!run_folder_create(r->memory, r->experiment->name, r->options->output, &r->folder, why))
        return false;
    const char *yaml = config_to_yaml(r->memory, r->experiment->resolved, false);
    return write_manifest(r, RUN_RUNNING, why) &&
           file_write_unflushed(in_folder(r, "config.yaml"), yaml, strlen(yaml), why) &&
           run_open_files(r, &(run_bytes){-1, -1, -1, -1}, why);
}

/* The rows that belong to finished trials. */
static bool rows_to_keep(run *r, const char *name, int64_t *bytes, failure *why)
{
    csv_rows rows;
    if (!csv_read(r->memory, in_folder(r, name), &rows, why)) return false;
    *bytes = rows.header_end;
    for (size_t i = 0; i < rows.row_count; i++) {
        if (strtoull(csv_cell(&rows, i, "trial"), NULL, 10) >= r->done) break;
        *bytes = rows.ends[i];
    }
    return true;
}

static int64_t bytes_in(const safetensors *file, const char *name)
{
    const char *text = safetensors_text(file, name);
    return text ? strtoll(text, NULL, 10) : -1;
}

/* The rows that belong to finished trials, and to the checkpointed one up to there. */
static bool metrics_to_keep(run *r, run_bytes *keep, failure *why)
{
    if (!rows_to_keep(r, "metrics.csv", &keep->metrics, why) ||
        (r->path_columns && !rows_to_keep(r, RUN_PATHS, &keep->paths, why)) ||
        (r->records_batches && !rows_to_keep(r, RUN_BATCHES, &keep->batches, why)))
        return false;
    safetensors file;
    const char *checkpoint = in_folder(r, RUN_CHECKPOINT);
    if (!file_exists(checkpoint)) return true;
    if (!safetensors_read(checkpoint, &file, why)) return false;
    const char *trial_text = safetensors_text(&file, "trial");
    const run_bytes at_checkpoint = {.trials = keep->trials,
                                     .metrics = bytes_in(&file, "metrics_bytes"),
                                     .paths = bytes_in(&file, "paths_bytes"),
                                     .batches = bytes_in(&file, "batches_bytes")};
    const char *hash = safetensors_text(&file, "hash");
    if (trial_text && at_checkpoint.metrics >= 0 && hash &&
        strtoull(trial_text, NULL, 10) == r->done && r->done < r->experiment->base_count &&
        strcmp(hash, run_hash(r, r->done)) == 0) {
        *keep = at_checkpoint;
        r->checkpoint = checkpoint;
    } else {
        unlink(checkpoint); /* of a trial that finished after it */
    }
    safetensors_free(&file);
    return true;
}

/* A finished trial must be the one that the configuration, plugins and data of today describe. */
static bool same_trials(run *r, const csv_rows *rows, failure *why)
{
    if (rows->row_count > r->experiment->base_count)
        return failure_set(why, STATUS_CONFIG, "'%s' has more trials than config.yaml",
                           r->folder.path);
    for (size_t i = 0; i < rows->row_count; i++)
        if (strcmp(csv_cell(rows, i, "hash"), run_hash(r, i)) != 0)
            return failure_set(
                why, STATUS_CONFIG,
                "cannot resume '%s': trial %zu (%s) was run with another "
                "configuration, plugin or data file (hash %s, now %s); start a new run",
                r->folder.path, i, csv_cell(rows, i, "label"), csv_cell(rows, i, "hash"),
                run_hash(r, i));
    return true;
}

static bool go_on(run *r, failure *why)
{
    csv_rows rows;
    manifest_summary before;
    if (!run_folder_open(r->memory, r->options->resume, &r->folder, why) ||
        !manifest_read(r->folder.path, &before, why))
        return false;
    r->started = arena_strdup(r->memory, before.started);
    r->seconds_before = before.seconds;
    r->resumes = before.resumes + 1;
    const char *trials = in_folder(r, "trials.csv"), *metrics = in_folder(r, "metrics.csv");
    if (!file_exists(trials) || !file_exists(metrics)) { /* killed before the first trial */
        unlink(in_folder(r, RUN_CHECKPOINT));
        return write_manifest(r, RUN_RUNNING, why) &&
               run_open_files(r, &(run_bytes){-1, -1, -1, -1}, why);
    }
    if (!csv_read(r->memory, trials, &rows, why)) return false;
    r->done = rows.row_count;
    for (size_t i = 0; i < rows.row_count; i++) run_remember_row(r, &rows, i);
    run_bytes keep = {.trials = rows.row_count ? rows.ends[rows.row_count - 1] : rows.header_end};
    return same_trials(r, &rows, why) && metrics_to_keep(r, &keep, why) &&
           write_manifest(r, RUN_RUNNING, why) && run_open_files(r, &keep, why);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static const char *bytes_text(run *r, const csv_writer *file)
{
    return arena_printf(r->memory, "%lld", file ? (long long)csv_bytes(file) : 0);
}

/* Before there is a first result, there is nothing that a loss of power could take; so what the
 * start wrote is flushed now, which a short run would otherwise wait for several times. */
static bool flush_start(run *r, failure *why)
{
    r->begun = r->begun || (file_flush(in_folder(r, "config.yaml"), why) &&
                            file_flush(in_folder(r, "manifest.yaml"), why));
    return r->begun;
}

static bool save_checkpoint(void *argument, const trial *t, failure *why)
{
    run *r = argument;
    if (!flush_start(r, why) || !csv_sync(r->metrics, why) || !run_sync_records(r, why))
        return false;
    const named_text extra[] = {{"trial", arena_printf(r->memory, "%zu", r->current)},
                                {"hash", run_hash(r, r->current)},
                                {"metrics_bytes", bytes_text(r, r->metrics)},
                                {"paths_bytes", bytes_text(r, r->paths)},
                                {"batches_bytes", bytes_text(r, r->batches)},
                                {NULL, NULL}};
    return trial_save(t, in_folder(r, RUN_CHECKPOINT), extra, why);
}

static bool finish_trial(run *r, const trial *t, failure *why)
{
    const trial_config *c = &r->experiment->bases[r->current];
    if (c->keep_weights &&
        !trial_save_weights(
            t, in_folder(r, arena_printf(r->memory, "weights/%zu.safetensors", r->current)), why))
        return false;
    if (!flush_start(r, why) || !csv_sync(r->metrics, why) || !run_sync_records(r, why) ||
        !run_write_trial(r, t, why) || !csv_sync(r->trials, why))
        return false;
    unlink(in_folder(r, RUN_CHECKPOINT));
    return true;
}

/* False: the environment failed. *stopped: interrupted. */
static bool run_one(run *r, bool *stopped, failure *why)
{
    const trial_config *c = &r->experiment->bases[r->current];
    trial *t = trial_create(c, r->data_of[r->current], why);
    if (!t) return false;
    bool good = true;
    if (r->checkpoint && r->current == r->done) good = trial_restore(t, r->checkpoint, why);
    const trial_watch watch = {.argument = r,
                               .stepped = run_show_step,
                               .evaluated = run_write_metrics,
                               .recorded = run_write_path,
                               .batch_recorded = run_write_batch_loss,
                               .checkpoint = save_checkpoint,
                               .interrupted = interrupted};
    good = good && trial_run(t, &watch, why);
    *stopped = good && trial_result(t)->status == TRIAL_INTERRUPTED;
    if (good && !*stopped) good = finish_trial(r, t, why);
    trial_destroy(t);
    return good;
}

static exit_status run_trials(run *r, failure *why)
{
    bool stopped = false;
    for (r->current = r->done; r->current < r->experiment->base_count && !stopped; r->current++)
        if (!run_one(r, &stopped, why)) {
            failure second;
            write_manifest(r, RUN_FAILED, &second); /* what failed first is what is told */
            return why->status;
        }
    progress_clear(r->progress);
    if (!run_close_files(r, why) ||
        !write_manifest(r, stopped ? RUN_INTERRUPTED : RUN_FINISHED, why))
        return why->status;
    if (!r->options->quiet) {
        run_print_table(r);
        run_print_surface(r);
    }
    if (stopped) {
        fprintf(stderr, "slope: interrupted; go on with: slope resume %s\n", r->folder.path);
        return STATUS_INTERRUPTED;
    }
    return run_any_failed(r) ? STATUS_TRIALS_FAILED : STATUS_OK;
}

exit_status run_experiment(const experiment *e, const run_options *options, failure *why)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    run r = {.memory = arena_create(),
             .experiment = e,
             .options = options,
             .started_at = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec,
             .folder = {.lock = -1}};
    char stamp[32];
    const time_t seconds = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    r.started = arena_strdup(r.memory, stamp);
    exit_status status = STATUS_ENVIRONMENT;
    if (load_data(&r, why) && run_make_rows(&r, why) && try_trials(&r, why) &&
        (options->resume ? go_on(&r, why) : start(&r, why))) {
        watch_signals();
        r.progress = progress_create(options->quiet);
        status = run_trials(&r, why);
        progress_destroy(r.progress);
    } else {
        status = why->status;
    }
    failure second;
    run_close_files(&r, &second);
    run_folder_close(&r.folder);
    for (size_t d = 0; d < r.dataset_count; d++) dataset_destroy(r.datasets[d]);
    arena_destroy(r.memory);
    return status;
}
