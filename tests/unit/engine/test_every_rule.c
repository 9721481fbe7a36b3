/* Every update rule that is built, at work in a trial: a run that is stopped, saved, restored and
 * gone on with, on other numbers of threads, ends with the bits of one that ran straight through,
 * and the weights that are saved are those whose loss was reported. And every weight is updated
 * once, however its tensor is cut for threads, and by the thread that has its gradient. */
#include "engine_fixture.h"

#include "engine/trial.h"
#include "engine/updater_private.h"
#include "host/team.h"
#include "record/safetensors.h"

enum { ROWS = 90, STEPS = 9, STOP = 4 };

/* ---- one run --------------------------------------------------------------------------------- */

typedef struct watcher {
    uint64_t steps, stop_at; /* stop_at 0: never */
    char path[64];           /* of the checkpoint */
    bool saved;
} watcher;

static void stepped(void *argument, const trial *t, double loss)
{
    watcher *w = argument;
    assert_true(isfinite(loss));
    w->steps = trial_step(t);
}

static bool interrupted(void *argument)
{
    const watcher *w = argument;
    return w->stop_at && w->steps == w->stop_at;
}

static bool save(void *argument, const trial *t, failure *why)
{
    watcher *w = argument;
    w->saved = true;
    return trial_save(t, w->path, NULL, why);
}

static trial *make_trial(const fixture *f)
{
    failure why = {.text = ""};
    trial *t = trial_create(f->trial, &f->data, &why);
    if (!t) fail_msg("%s", why.text);
    return t;
}

static void run(trial *t, watcher *w)
{
    failure why = {.text = ""};
    const trial_watch watch = {
        .argument = w, .stepped = stepped, .checkpoint = save, .interrupted = interrupted};
    if (!trial_run(t, &watch, &why)) fail_msg("%s", why.text);
}

static void assert_finished(const char *id, const trial *t)
{
    const trial_summary *s = trial_result(t);
    if (s->status != TRIAL_FINISHED) fail_msg("%s ends as %d: %s", id, s->status, s->message);
    assert_int_equal(trial_step(t), STEPS);
}

/* The weights that it saves, as the flat vector of an objective. */
static void *saved_weights(const char *id, const trial *t, const layout *l, size_t real_size)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/slope-rule-%d.safetensors", (int)getpid());
    failure why;
    safetensors file;
    if (!trial_save_weights(t, path, &why) || !safetensors_read(path, &file, &why))
        fail_msg("%s: %s", id, why.text);
    unlink(path);
    char *weights = allocate(l->total, real_size);
    for (size_t i = 0; i < l->tensor_count; i++) {
        const named_array *array = safetensors_array(&file, l->tensors[i].name);
        assert_non_null(array);
        memcpy(weights + l->offsets[i] * real_size, array->data, l->sizes[i] * real_size);
    }
    safetensors_free(&file);
    return weights;
}

/* ---- one rule
 * ---------------------------------------------------------------------------------------- */

/* `scheduled`: the rule has a learning rate. */
static fixture *fixture_of(const char *id, bool scheduled, int bits)
{
    char yaml[512];
    snprintf(yaml, sizeof yaml,
             "{model: {name: mlp, hidden: [7]}, optimizer: %s, %s regularization: {l2: 0.001}, "
             "evaluate: {every: 3 steps}, train: "
             "{steps: %d, batch_size: 32, seed: 5, precision: float%d}}",
             id, scheduled ? "schedule: {name: cosine, warmup_steps: 2}," : "", STEPS, bits);
    return fixture_create(ROWS, yaml);
}

static bool has_learning_rate(const slope_plugin *about)
{
    for (size_t i = 0; i < about->parameter_count; i++)
        if (strcmp(about->parameters[i].key, "learning_rate") == 0) return true;
    return false;
}

static void straight_or_resumed(const host_plugin *plugin, int bits)
{
    const char *id = plugin->id;
    fixture *f = fixture_of(id, has_learning_rate(plugin->description[FLOAT32]), bits);
    const size_t real_size = (size_t)bits / 8;
    objective *o = fixture_objective(f, 0);
    const layout *l = objective_layout(o);
    failure why = {.text = ""};
    watcher never = {0}, stop = {.stop_at = STOP};
    snprintf(stop.path, sizeof stop.path, "/tmp/slope-state-%d.safetensors", (int)getpid());

    threads_set(1);
    trial *straight = make_trial(f);
    run(straight, &never);
    assert_finished(id, straight);
    threads_set(3);
    trial *first = make_trial(f);
    run(first, &stop);
    assert_true(stop.saved);
    assert_int_equal(trial_result(first)->status, TRIAL_INTERRUPTED);
    threads_set(2);
    trial *second = make_trial(f);
    if (!trial_restore(second, stop.path, &why)) fail_msg("%s: %s", id, why.text);
    unlink(stop.path);
    run(second, &never);
    assert_finished(id, second);

    void *one = saved_weights(id, straight, l, real_size);
    void *other = saved_weights(id, second, l, real_size);
    if (memcmp(one, other, l->total * real_size) != 0)
        fail_msg("%s float%d: a resumed run ends with other bits", id, bits);
    const evaluation reported = trial_result(straight)->last.train;
    const evaluation found = objective_evaluate(o, one, objective_split(o, SLOPE_TRAIN));
    if (memcmp(&reported.loss, &found.loss, sizeof found.loss) != 0)
        fail_msg("%s float%d: reports a loss of %.17g, its weights have %.17g", id, bits,
                 reported.loss, found.loss);
    assert_memory_equal(&reported.loss, &trial_result(second)->last.train.loss, sizeof(double));
    free(one);
    free(other);
    trial_destroy(straight);
    trial_destroy(first);
    trial_destroy(second);
    objective_destroy(o);
    fixture_destroy(f);
}

static void refused(void *argument, const char *path, const failure *why)
{
    (void)argument;
    fail_msg("%s: %s", path, why->text);
}

static void test_every_rule(void **state)
{
    (void)state;
    fixture_destroy(fixture_of("sgd", true, 32)); /* sets the path of the plugins */
    arena *a = arena_create();
    failure why;
    registry *all = registry_create(a, &why);
    assert_non_null(all);
    const host_plugin *const *plugins;
    const size_t count = registry_load_all(all, &plugins, refused, NULL);
    size_t rules = 0;
    for (size_t i = 0; i < count; i++) {
        if (plugins[i]->kind != SLOPE_KIND_OPTIMIZER) continue;
        straight_or_resumed(plugins[i], rules++ % 2 ? 64 : 32);
    }
    assert_true(rules >= 30);
    arena_destroy(a);
}

/* What is evaluated is not what is trained: the mean of all z, while the weights are beside it. */
static void test_schedule_free_rules_report_their_average(void **state)
{
    (void)state;
    static const char *const ids[] = {"schedule_free_sgd", "schedule_free_adamw"};
    for (size_t i = 0; i < 2; i++) {
        fixture *f = fixture_of(ids[i], true, 64);
        objective *o = fixture_objective(f, 0);
        const layout *l = objective_layout(o);
        trial *t = make_trial(f);
        watcher w = {.stop_at = STOP};
        failure why;
        safetensors file;
        snprintf(w.path, sizeof w.path, "/tmp/slope-state-%d.safetensors", (int)getpid());
        run(t, &w);
        double *saved = saved_weights(ids[i], t, l, sizeof(double));
        assert_true(safetensors_read(w.path, &file, &why));
        const named_array *x = safetensors_array(&file, "optimizer.x.0");
        char name[80];
        snprintf(name, sizeof name, "weights.%s", l->tensors[0].name);
        const named_array *y = safetensors_array(&file, name);
        assert_non_null(x);
        assert_non_null(y);
        assert_memory_equal(saved, x->data, l->sizes[0] * sizeof(double));
        assert_memory_not_equal(saved, y->data, l->sizes[0] * sizeof(double));
        unlink(w.path);
        safetensors_free(&file);
        free(saved);
        trial_destroy(t);
        objective_destroy(o);
        fixture_destroy(f);
    }
}

/* Layers of a few weights, of some slices and of many; one step of gradient descent by its formula.
 */
static void test_every_weight_is_updated_once(void **state)
{
    (void)state;
    static const char *const layers[] = {"1", "7", "195, 21", "1100", "300, 90"};
    for (size_t i = 0; i < 3 * sizeof layers / sizeof *layers; i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml,
                 "{model: {name: mlp, activation: tanh, hidden: [%s]}, optimizer: {name: sgd, "
                 "learning_rate: 0.5}, train: {steps: 1, batch_size: full, precision: float64}}",
                 layers[i / 3]);
        threads_set((int)(i % 3) + 1);
        fixture *f = fixture_create(ROWS, yaml);
        objective *o = fixture_objective(f, 0);
        const layout *l = objective_layout(o);
        trial *t = make_trial(f);
        watcher never = {0};
        double *before = saved_weights("sgd", t, l, sizeof(double));
        double *gradient = allocate(l->total, sizeof *gradient);
        objective_gradient(o, before, objective_split(o, SLOPE_TRAIN), gradient);
        run(t, &never);
        double *after = saved_weights("sgd", t, l, sizeof(double));
        for (size_t w = 0; w < l->total; w++)
            assert_true(fabs(after[w] - (before[w] - 0.5 * gradient[w])) <= 1e-15);
        free(before);
        free(after);
        free(gradient);
        trial_destroy(t);
        objective_destroy(o);
        fixture_destroy(f);
    }
}

/* Of each tensor that has slices for all, a thread updates the part that the kernels give it: it
 * would otherwise fetch the gradients from another's cache. Thread t of n runs the pieces from
 * t/n to (t+1)/n of the loop. A slice more or less is no harm. */
static void test_threads_update_their_part_of_every_tensor(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads *= 2) {
        threads_set((int)threads);
        fixture *f = fixture_create(
            ROWS, "{model: {name: mlp, hidden: [900, 80, 700]}, optimizer: {name: adam}}");
        objective *o = fixture_objective(f, 0);
        failure why = {.text = ""};
        updater *u = updater_create(f->trial, o, 0, 1, &why);
        assert_non_null(u);
        size_t seen = 0;
        for (size_t p = 0; p < u->piece_count; p++)
            for (size_t i = u->pieces[p]; i < u->pieces[p + 1]; i++, seen++) {
                const slice *s = &u->slices[i];
                const double size = (double)u->layout->sizes[s->tensor];
                const double begin = (double)(s->first - u->layout->offsets[s->tensor]) / size;
                const double length = (double)s->count / size;
                const double part = (double)(p * threads / u->piece_count) / (double)threads;
                if (length * (double)threads > 1) continue;
                assert_true(begin > part - 1.5 * length);
                assert_true(begin < part + 1 / (double)threads + 0.5 * length);
            }
        assert_int_equal(seen, u->slice_count);
        updater_destroy(u);
        objective_destroy(o);
        fixture_destroy(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_schedule_free_rules_report_their_average),
        cmocka_unit_test(test_every_weight_is_updated_once),
        cmocka_unit_test(test_threads_update_their_part_of_every_tensor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
