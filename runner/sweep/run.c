/* sweep/run.c: see run.h. From start to end; the parts are listed in run_private.h. */
#include "sweep/run_private.h"

#include "base/files.h"
#include "host/team.h"
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double run_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *run_path(arena *a, const run *r, const char *name)
{
    return path_join(a, r->folder.path, name);
}

const char *run_checkpoint_path(arena *a, const run *r, size_t number)
{
    char id[17];
    return run_path(a, r,
                    arena_printf(a, "checkpoint/%s.safetensors", plan_id(r->plan, number, id)));
}

const char *run_weights_path(arena *a, const run *r, size_t number)
{
    return run_path(a, r, arena_printf(a, "weights/%zu.safetensors", number));
}

bool run_in_shard(const run *r, size_t number)
{
    return r->shard.count <= 1 || number % r->shard.count == r->shard.index;
}

/* ---- the plan -------------------------------------------------------------------------------- */

/* All errors of the configuration are printed; `why` sums them up. */
static plan *make_plan(const experiment *e, arena *a, failure *why)
{
    diagnostics *errors = diagnostics_create(a);
    plan *p = plan_create(e, true, errors);
    if (p) return p;
    diagnostics_print(errors, stderr);
    why->status = diagnostics_status(errors);
    why->text[0] = '\0'; /* all is said */
    return NULL;
}

/* Room for what is remembered of each trial. */
static void grow(run *r)
{
    const size_t before = r->count;
    r->count = plan_count(r->plan);
    outcome *outcomes = allocate(r->count, sizeof *outcomes);
    standing *standings = allocate(r->count, sizeof *standings);
    for (size_t t = 0; t < r->count; t++) {
        outcomes[t] = t < before ? r->outcomes[t] : (outcome){.message = "", .metric = NAN};
        standings[t] = t < before ? r->standings[t] : (standing){.checkpoint = NO_CHECKPOINT};
    }
    free(r->outcomes);
    free(r->standings);
    r->outcomes = outcomes;
    r->standings = standings;
}

bool run_more(run *r, size_t *added, failure *why)
{
    double *values = allocate(r->count, sizeof *values);
    for (size_t t = 0; t < r->count; t++) {
        const bool ended =
            r->outcomes[t].status == TRIAL_FINISHED || r->outcomes[t].status == TRIAL_PRUNED;
        values[t] = ended ? run_smaller_is_better(r->metric, r->outcomes[t].metric) : NAN;
    }
    const bool good = plan_extend(r->plan, values, added, why);
    free(values);
    if (good && *added) grow(r);
    return good;
}

/* ---- the folder ------------------------------------------------------------------------------ */

ingredients run_ingredients(run *r)
{
    const size_t datasets = plan_dataset_count(r->plan);
    size_t plugins = plan_plugin_count(r->plan);
    const host_plugin *of_sweep[] = {r->sweep->sampler.plugin, r->sweep->pruner.plugin};
    const host_plugin **used = arena_alloc(r->memory, (plugins + 2) * sizeof *used);
    const dataset **data = arena_alloc(r->memory, (datasets + 1) * sizeof *data);
    for (size_t i = 0; i < plugins; i++) used[i] = plan_plugin_at(r->plan, i);
    for (size_t i = 0; i < 2; i++)
        if (of_sweep[i]) used[plugins++] = of_sweep[i];
    for (size_t i = 0; i < datasets; i++) data[i] = plan_dataset_at(r->plan, i);
    return (ingredients){plugins, used, datasets, data};
}

bool run_write_manifest(run *r, run_status status, failure *why)
{
    return manifest_write(&r->folder,
                          &(provenance){.status = status,
                                        .command = r->options->command,
                                        .threads = threads_count(),
                                        .isa = kernels_isa(),
                                        .experiment = r->experiment->name,
                                        .trial_count = r->count,
                                        .ingredients = run_ingredients(r),
                                        .config = r->experiment->resolved,
                                        .shard_index = r->shard.index,
                                        .shard_count = r->shard.count,
                                        .seconds = r->seconds_before + (run_now() - r->started_at),
                                        .started = r->started,
                                        .resumes = r->resumes},
                          why);
}

bool run_write_config(run *r, failure *why)
{
    const char *yaml = config_to_yaml(r->memory, r->experiment->resolved, false);
    return file_write_unflushed(run_path(r->memory, r, "config.yaml"), yaml, strlen(yaml), why);
}

/* The manifest last: a folder that has one can be resumed. */
bool run_make_folder(run *r, failure *why)
{
    return run_folder_create(r->memory, r->experiment->name, r->options->output, &r->folder, why) &&
           run_write_config(r, why) && run_write_manifest(r, RUN_RUNNING, why);
}

static bool start(run *r, failure *why)
{
    return run_make_folder(r, why) && run_open_files(r, &(run_bytes){-1, -1, -1, -1}, why);
}

/* ---- the end --------------------------------------------------------------------------------- */

static size_t in_shard_not_done(const run *r)
{
    size_t count = 0;
    for (size_t t = 0; t < r->count; t++)
        count += run_in_shard(r, t) && !status_is_final(r->outcomes[t].status);
    return count;
}

/* Every trial's rows together, in the order of the trials. */
static bool put_in_order(run *r, failure *why)
{
    run_bytes bytes;
    const row_giver own = {.folder = r->folder.path};
    return run_close_files(r, why) && run_take_rows(r, 1, &own, NULL, &bytes, why);
}

static exit_status say_how_to_go_on(const run *r)
{
    const size_t left = in_shard_not_done(r);
    const char *folder = r->folder.path;
    switch (atomic_load(&r->stop)) {
    case STOP_INTERRUPT:
        fprintf(stderr, "slope: interrupted; go on with: slope resume %s\n", folder);
        return STATUS_INTERRUPTED;
    case STOP_AGAIN:
        fprintf(stderr, "slope: asked to stop; go on with: slope resume %s\n", folder);
        return STATUS_AGAIN;
    case STOP_LIMIT:
        fprintf(stderr,
                "slope: the limit of %g seconds (sweep.seconds) is reached, %zu trial%s left; go "
                "on with: slope resume %s\n",
                r->sweep->seconds, left, left == 1 ? "" : "s", folder);
        return STATUS_TRIALS_FAILED;
    case STOP_FAILURES:
        fprintf(stderr,
                "slope: stopped after %zu failed trial%s (sweep.%s), %zu left; go on with: slope "
                "resume %s\n",
                r->failures, r->failures == 1 ? "" : "s",
                r->sweep->stop_on_error ? "on_error" : "max_failures", left, folder);
        return STATUS_TRIALS_FAILED;
    default:
        return STATUS_OK;
    }
}

static bool any_failed(const run *r)
{
    for (size_t t = 0; t < r->count; t++) {
        const trial_status s = r->outcomes[t].status;
        if (s == TRIAL_DIVERGED || s == TRIAL_FAILED || s == TRIAL_TIMEOUT) return true;
    }
    return false;
}

static exit_status run_all(run *r, failure *why)
{
    if (!run_trials(r, why)) {
        failure second;
        run_write_manifest(r, RUN_FAILED, &second); /* what failed first is what is told */
        return why->status;
    }
    progress_clear(r->progress);
    run_remove_other_weights(r);
    const bool stopped = atomic_load(&r->stop) != STOP_NOT && in_shard_not_done(r) > 0;
    if (!put_in_order(r, why) ||
        !run_write_manifest(r, stopped ? RUN_INTERRUPTED : RUN_FINISHED, why))
        return why->status;
    if (!r->options->quiet) {
        run_print_table(r);
        run_print_surface(r);
    }
    if (stopped) return say_how_to_go_on(r);
    return any_failed(r) ? STATUS_TRIALS_FAILED : STATUS_OK;
}

/* ---- entry ----------------------------------------------------------------------------------- */

/* What stands for `sweep` where a file has none: every trial by itself, all that there are. */
static const sweep_config no_sweep = {
    .seeds = 1, .max_failures = SLOPE_ABSENT, .trial_seconds = NAN, .seconds = NAN};

bool run_begin(run *r, const experiment *e, const run_options *options, failure *why)
{
    *r = (run){.memory = arena_create(),
               .experiment = e,
               .options = options,
               .sweep = e->sweep ? e->sweep : &no_sweep,
               .is_sweep = e->sweep != NULL,
               .shard = options->shard,
               .started_at = run_now(),
               .best_score = NAN,
               .latest_score = NAN,
               .latest_loss = NAN,
               .folder = {.lock = -1}};
    pthread_mutex_init(&r->mutex, NULL);
    char stamp[32];
    const time_t seconds = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    r->started = arena_strdup(r->memory, stamp);
    r->plan = make_plan(e, r->memory, why);
    if (!r->plan) return false;
    r->metric = plan_metric(r->plan);
    grow(r);
    if (r->sweep->pruner.plugin && r->shard.count > 1)
        return failure_set(why, STATUS_CONFIG,
                           "sweep.pruner: compares all trials with each other, so the sweep cannot "
                           "be cut into shards; leave out the pruner or --shard");
    return run_plan_records(r, why);
}

void run_end(run *r)
{
    failure second;
    run_close_files(r, &second);
    run_folder_close(&r->folder);
    for (size_t t = 0; t < r->count; t++) free(r->standings[t].rungs);
    free(r->outcomes);
    free(r->standings);
    free(r->uncommitted);
    free(r->best);
    plan_destroy(r->plan);
    pthread_mutex_destroy(&r->mutex);
    arena_destroy(r->memory);
}

exit_status run_experiment(const experiment *e, const run_options *options, failure *why)
{
    run r;
    exit_status status;
    if (run_begin(&r, e, options, why) && (options->resume   ? run_go_on(&r, why)
                                           : options->extend ? run_extend(&r, why)
                                                             : start(&r, why))) {
        run_find_best(&r);
        run_watch_signals();
        r.progress = progress_create(options->quiet);
        status = run_all(&r, why);
        progress_destroy(r.progress);
    } else {
        status = why->status;
    }
    run_end(&r);
    return status;
}
