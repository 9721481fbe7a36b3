/* bench/worker.c: our side of a benchmark: does one job as often as it is told, and times it.
 *
 *     bench_worker gradient|train FILE.yaml [--threads N] [--float32] [--dump FOLDER]
 *
 * FILE describes one trial. Orders come on the standard input, one word a line; each is answered by
 * one line of JSON: check   loss and norm of the gradient at the starting weights on all training
 * rows (gradient), and for train also the loss after the trial; with --dump the starting weights
 *             (weights.safetensors) and the first epoch's order of rows (order.u32) are written
 * first, so that a peer can compute the same run     seconds of one gradient over all training
 * rows, or of the training of a whole trial (evaluation, set-up and the test at the end not
 * counted)
 * --float32 turns features into prepared float32 before anything is timed; otherwise they stay in
 * the type that the reader gave them.
 *
 * Which job is compared with what is bench.py's business. */
#include "config/load.h"
#include "engine/batches.h"
#include "engine/trial.h"
#include "host/services.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct worker {
    arena *memory;
    const trial_config *config;
    dataset *loaded;
    dataset data; /* what is worked with: as loaded, or as float32 */
    slope_table table;
    objective *objective;
    void *weights, *gradient;
    bool trains;
    const char *dump;
} worker;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- setting up
 * ------------------------------------------------------------------------------------ */

static const trial_config *load_trial(worker *w, const char *path, failure *why)
{
    if (!kernels_select(why)) return NULL;
    registry *plugins = registry_create(w->memory, why);
    if (!plugins) return NULL;
    diagnostics *errors = diagnostics_create(w->memory);
    config_node *tree = config_load(w->memory, path, 0, NULL, errors);
    const experiment *e = tree ? experiment_create(w->memory, tree, path, plugins, errors) : NULL;
    diagnostics_print(errors, stderr);
    if (!e) {
        failure_set(why, STATUS_CONFIG, "'%s' is no experiment that can be run", path);
        return NULL;
    }
    return &e->bases[0];
}

/* The training rows as prepared float32, with the arithmetic of the kernels' pack. */
static void expand(worker *w)
{
    const slope_table *source = w->loaded->splits[SLOPE_TRAIN].table;
    const size_t rows = source->rows, columns = source->columns;
    const double *factor = w->loaded->factor;
    float *out = allocate(rows * columns, sizeof *out),
          *factors = allocate(columns, sizeof *factors);
    for (size_t c = 0; c < columns; c++) factors[c] = factor ? (float)factor[c] : 1.0F;
    const unsigned char *in = source->features;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            out[r * columns + c] = (float)in[r * columns + c] * factors[c];
    free(factors);
    w->table = *source;
    w->table.element = SLOPE_FLOAT32;
    w->table.features = out;
    w->data.splits[SLOPE_TRAIN].table = &w->table;
    w->data.factor = NULL;
}

static bool set_up(worker *w, const char *path, bool float32, failure *why)
{
    w->memory = arena_create();
    w->config = load_trial(w, path, why);
    if (!w->config) return false;
    w->loaded = dataset_load(&w->config->dataset, why);
    if (!w->loaded) return false;
    w->data = *w->loaded;
    w->data.splits[SLOPE_VALIDATION] = w->data.splits[SLOPE_TEST] = (dataset_split){.table = NULL};
    if (float32) {
        if (w->data.splits[SLOPE_TRAIN].table->element != SLOPE_UINT8 || w->data.shift ||
            w->data.splits[SLOPE_TRAIN].index)
            return failure_set(why, STATUS_CONFIG, "--float32 is for whole tables of bytes");
        expand(w);
    }
    w->objective = objective_create(w->config, &w->data, 0, why);
    if (!w->objective) return false;
    const layout *l = objective_layout(w->objective);
    const size_t real_size = objective_kernels(w->objective)->real_size;
    w->weights = allocate(l->total, real_size);
    w->gradient = allocate(l->total, real_size);
    layout_initialise(l, &w->config->init, w->config->train.precision, w->config->train.seed,
                      w->weights);
    return true;
}

static void tear_down(worker *w)
{
    objective_destroy(w->objective);
    free(w->table.features);
    dataset_destroy(w->loaded);
    free(w->weights);
    free(w->gradient);
    arena_destroy(w->memory);
}

/* ---- orders
 * ---------------------------------------------------------------------------------------- */

static batch all_rows(const worker *w)
{
    return objective_split(w->objective, SLOPE_TRAIN);
}

/* A whole trial. *loss, if not NULL: of all training rows afterwards. */
static bool train(worker *w, double *seconds, double *loss, failure *why)
{
    trial *t = trial_create(w->config, &w->data, why);
    if (!t) return false;
    const trial_watch watch = {.argument = NULL};
    bool good = trial_run(t, &watch, why);
    const trial_summary *result = trial_result(t);
    if (good && result->status != TRIAL_FINISHED)
        good = failure_set(why, STATUS_TRIALS_FAILED, "the trial failed: %s", result->message);
    *seconds = result->last.train_seconds;
    if (loss) *loss = result->last.train.loss;
    trial_destroy(t);
    return good;
}

static bool dump_order(const worker *w, failure *why)
{
    const char *path = arena_printf(w->memory, "%s/order.u32", w->dump);
    const size_t rows = all_rows(w).rows;
    batches b;
    batches_create(&b, all_rows(w), (size_t)w->config->train.batch_size, w->config->train.seed);
    batches_at(&b, 0);
    FILE *file = fopen(path, "wb");
    bool good = file && (!b.order || fwrite(b.order, sizeof *b.order, rows, file) == rows);
    if (file && fclose(file)) good = false;
    batches_destroy(&b);
    return good ||
           failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", path, strerror(errno));
}

static bool dump_weights(const worker *w, failure *why)
{
    const char *path = arena_printf(w->memory, "%s/weights.safetensors", w->dump);
    trial *t = trial_create(w->config, &w->data, why);
    const bool good = t && trial_save_weights(t, path, why);
    trial_destroy(t);
    return good;
}

static bool check(worker *w, failure *why)
{
    if (w->dump && (!dump_weights(w, why) || !dump_order(w, why))) return false;
    const double loss = objective_gradient(w->objective, w->weights, all_rows(w), w->gradient);
    const layout *l = objective_layout(w->objective);
    const double squares = objective_kernels(w->objective)->sum_squares(l->total, w->gradient);
    double seconds, after = NAN;
    if (w->trains && !train(w, &seconds, &after, why)) return false;
    printf("{\"loss\": %.17g, \"norm\": %.17g", loss, sqrt(squares));
    if (w->trains) printf(", \"after\": %.17g", after);
    printf("}\n");
    return true;
}

static bool run(worker *w, failure *why)
{
    double seconds;
    if (w->trains) {
        if (!train(w, &seconds, NULL, why)) return false;
    } else {
        const double start = now();
        objective_gradient(w->objective, w->weights, all_rows(w), w->gradient);
        seconds = now() - start;
    }
    printf("{\"seconds\": %.9f}\n", seconds);
    return true;
}

static bool obey(worker *w, failure *why)
{
    char line[64];
    printf("{\"what\": \"slope, kernels %s, %d thread%s\"}\n", kernels_isa(), threads_count(),
           threads_count() == 1 ? "" : "s");
    for (fflush(stdout); fgets(line, sizeof line, stdin); fflush(stdout)) {
        line[strcspn(line, "\n")] = '\0';
        const bool checks = strcmp(line, "check") == 0;
        if (!checks && strcmp(line, "run") != 0)
            return failure_set(why, STATUS_CONFIG, "'%s' is no order; expected check or run", line);
        if (!(checks ? check(w, why) : run(w, why))) return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    worker w = {.trains = argc > 1 && strcmp(argv[1], "train") == 0};
    bool float32 = false, usage = argc < 3 || (!w.trains && strcmp(argv[1], "gradient") != 0);
    for (int i = 3; i < argc && !usage; i++) {
        if (strcmp(argv[i], "--float32") == 0)
            float32 = true;
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            threads_set(atoi(argv[++i]));
        else if (strcmp(argv[i], "--dump") == 0 && i + 1 < argc)
            w.dump = argv[++i];
        else
            usage = true;
    }
    if (usage) {
        fputs("usage: bench_worker gradient|train FILE.yaml [--threads N] [--float32] "
              "[--dump FOLDER]\n",
              stderr);
        return STATUS_CONFIG;
    }
    failure why;
    if (!set_up(&w, argv[2], float32, &why) || !obey(&w, &why)) {
        fprintf(stderr, "bench_worker: %s\n", why.text);
        return (int)why.status;
    }
    tear_down(&w);
    return STATUS_OK;
}
