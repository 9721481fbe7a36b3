/* Tests of record/run_folder.h: new folders and their names, the lock between processes, folders
 * that cannot be written, the manifest read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "config/load.h"
#include "record/run_folder.h"

static char top[] = "/tmp/slope-runs-XXXXXX";
static arena *a;
static failure why;

/* Every test works in an empty folder of its own, which is the current one. */
static int enter(void **state)
{
    (void)state;
    strcpy(top + strlen(top) - 6, "XXXXXX");
    a = arena_create();
    return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    arena_destroy(a);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", top);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static void a_new_run_gets_a_folder_and_latest_points_at_it(void **state)
{
    (void)state;
    run_folder one, two;
    assert_true(run_folder_create(a, "iris", NULL, &one, &why));
    assert_true(
        run_folder_create(a, "iris", NULL, &two, &why)); /* in the same second, most likely */
    assert_string_not_equal(one.path, two.path);
    assert_memory_equal(one.path, "results/iris/20", 15);
    assert_int_equal(strlen(path_stem(a, one.path)), strlen("2026-01-31T235959"));
    assert_true(is_folder(path_join(a, one.path, "weights")));
    assert_true(is_folder(path_join(a, one.path, "checkpoint")));
    char target[256] = "";
    assert_true(readlink("results/iris/latest", target, sizeof target - 1) > 0);
    assert_string_equal(path_join(a, "results/iris", target), two.path);
    run_folder_close(&one);
    run_folder_close(&two);
}

static void closing_removes_what_is_empty(void **state)
{
    (void)state;
    run_folder folder;
    assert_true(run_folder_create(a, "iris", "out", &folder, &why));
    assert_true(file_write("out/weights/a", "x", 1, &why));
    run_folder_close(&folder);
    run_folder_close(&folder); /* twice is once */
    assert_true(file_exists("out/weights/a"));
    assert_false(file_exists("out/checkpoint"));
    assert_false(file_exists("out/.lock"));
}

static void output_must_be_empty_or_new(void **state)
{
    (void)state;
    run_folder folder;
    assert_int_equal(mkdir("empty", 0777), 0);
    assert_true(run_folder_create(a, "iris", "empty", &folder, &why));
    run_folder_close(&folder);
    assert_true(run_folder_create(a, "iris", "deep/down", &folder, &why));
    run_folder_close(&folder);
    assert_int_equal(mkdir("full", 0777), 0);
    assert_true(file_write("full/thesis.txt", "x", 1, &why));
    assert_false(run_folder_create(a, "iris", "full", &folder, &why));
    assert_int_equal(why.status, STATUS_CONFIG);
    assert_non_null(strstr(why.text, "'full' is not empty"));
    assert_false(file_exists("full/.lock"));
    assert_false(run_folder_create(a, "iris", "full/thesis.txt", &folder, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
}

static void names_that_leave_the_results_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", ".", "..", "../up", "a/b"};
    run_folder folder;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(run_folder_create(a, names[i], NULL, &folder, &why));
        assert_int_equal(why.status, STATUS_CONFIG);
    }
    assert_false(file_exists("results"));
}

static void a_folder_that_cannot_be_written_is_found_at_once(void **state)
{
    (void)state;
    run_folder folder;
    /* A file where the folder should be stops the superuser, too. */
    assert_true(file_write("results", "x", 1, &why));
    assert_false(run_folder_create(a, "iris", NULL, &folder, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "results/iris"));
    assert_false(run_folder_create(a, "iris", "/proc/slope", &folder, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
}

/* Runs in a process of its own; gives 1 if the folder could be opened, and its error text. */
static int open_elsewhere(const char *path, char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        run_folder folder;
        const bool opened = run_folder_open(a, path, &folder, &why);
        if (!opened && write(ends[1], why.text, strlen(why.text)) < 0) _exit(2);
        _exit(opened); /* without closing: as if killed */
    }
    close(ends[1]);
    const ssize_t length = read(ends[0], text, size - 1);
    text[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void a_folder_in_use_is_refused_with_the_process(void **state)
{
    (void)state;
    run_folder folder;
    char text[512];
    assert_true(run_folder_create(a, "iris", "out", &folder, &why));
    assert_true(file_write("out/manifest.yaml", "", 0, &why));
    assert_int_equal(open_elsewhere("out", text, sizeof text), 0);
    assert_non_null(strstr(text, arena_printf(a, "in use by process %ld", (long)getpid())));
    run_folder_close(&folder);
    assert_int_equal(open_elsewhere("out", text, sizeof text), 1);
    /* The process ended without unlocking; the folder is free all the same. */
    assert_true(file_exists("out/.lock"));
    assert_true(run_folder_open(a, "out", &folder, &why));
    run_folder_close(&folder);
}

static void only_folders_of_runs_are_opened(void **state)
{
    (void)state;
    run_folder folder;
    assert_false(run_folder_open(a, "nothing", &folder, &why));
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    assert_non_null(strstr(why.text, "No such file"));
    assert_int_equal(mkdir("other", 0777), 0);
    assert_false(run_folder_open(a, "other", &folder, &why));
    assert_non_null(strstr(why.text, "has no manifest.yaml"));
    assert_false(file_exists("other/.lock"));
}

static void latest_is_followed_when_it_is_opened(void **state)
{
    (void)state;
    run_folder one, again, two;
    assert_true(run_folder_create(a, "iris", NULL, &one, &why));
    assert_true(file_write(path_join(a, one.path, "manifest.yaml"), "", 0, &why));
    run_folder_close(&one);
    assert_true(run_folder_open(a, "results/iris/latest/", &again, &why));
    assert_true(run_folder_create(a, "iris", NULL, &two, &why)); /* moves latest */
    assert_string_equal(path_stem(a, again.path), path_stem(a, one.path));
    run_folder_close(&again);
    run_folder_close(&two);
}

/* ---- the manifest ---------------------------------------------------------------------------- */

/* A run of two trials with four plugins and one data file. */
typedef struct example {
    slope_plugin description;
    host_plugin plugins[4];
    const host_plugin *used[4];
    dataset data;
    const dataset *datasets[1];
    provenance p;
} example;

static const char *const files[] = {"data: odd \"name\".gz"};
static const char digests[1][65] = {"0123456789abcdef"};

static void fill(example *e)
{
    *e = (example){.description = {.version = "1.0"}, .datasets = {&e->data}};
    assert_true(file_write("plugin.so", "abc", 3, &why));
    static const slope_kind kinds[] = {SLOPE_KIND_READER, SLOPE_KIND_MODEL, SLOPE_KIND_LOSS,
                                       SLOPE_KIND_OPTIMIZER};
    for (size_t i = 0; i < 4; i++)
        e->plugins[i] = (host_plugin){
            kinds[i], kind_name(kinds[i]), "plugin.so", {&e->description, &e->description}};
    e->data = (dataset){.label = "iris", .file_count = 1, .files = files, .digests = digests};
    for (size_t i = 0; i < 4; i++) e->used[i] = &e->plugins[i];
    e->p = (provenance){.status = RUN_INTERRUPTED,
                        .command = "slope run a.yaml 'model={name: \"mlp\"}' # x",
                        .threads = 2,
                        .isa = "avx2",
                        .experiment = "2024",
                        .trial_count = 2,
                        .ingredients = {4, e->used, 1, e->datasets},
                        .seconds = 12.3456,
                        .started = "2026-01-31T12:00:00Z",
                        .resumes = 3};
}

static const char *text_at(const config_node *root, const char *path)
{
    const config_node *node = config_find(root, path);
    if (!node) fail_msg("the manifest has no %s", path);
    return node->text;
}

static void the_manifest_reads_back(void **state)
{
    (void)state;
    run_folder folder;
    example e;
    fill(&e);
    assert_true(run_folder_create(a, "iris", "out", &folder, &why));
    assert_true(manifest_write(&folder, &e.p, &why));

    diagnostics *errors = diagnostics_create(a);
    const config_node *root = config_load_file(a, "out/manifest.yaml", errors);
    assert_int_equal(diagnostics_count(errors), 0);
    assert_string_equal(text_at(root, "status"), "interrupted");
    assert_string_equal(text_at(root, "experiment"), "2024");
    assert_true(config_find(root, "experiment")->quoted); /* a name, not a number */
    assert_string_equal(text_at(root, "command"), e.p.command);
    assert_string_equal(text_at(root, "seconds"), "12.346");
    assert_string_equal(text_at(root, "resumes"), "3");
    assert_string_equal(text_at(root, "machine.threads"), "2");
    assert_string_equal(text_at(root, "machine.instruction_set"), "avx2");
    assert_true(strlen(text_at(root, "machine.cpu")) > 0);
    assert_true(strlen(text_at(root, "slope.version")) > 0);
    assert_true(strlen(text_at(root, "slope.git")) > 0);
    assert_non_null(strchr(text_at(root, "slope.flags"), '-'));
    assert_int_equal(config_find(root, "plugins")->count, 4); /* each once */
    assert_string_equal(text_at(root, "plugins.3.kind"), "optimizer");
    assert_string_equal(text_at(root, "plugins.3.version"), "1.0");
    /* SHA-256 of "abc": FIPS 180-2, appendix B.1 */
    assert_string_equal(text_at(root, "plugins.0.sha256"),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(text_at(root, "data.0.file"), files[0]);
    assert_string_equal(text_at(root, "data.0.sha256"), digests[0]);

    manifest_summary summary;
    assert_true(manifest_read("out", &summary, &why));
    assert_int_equal(summary.status, RUN_INTERRUPTED);
    assert_string_equal(summary.started, e.p.started);
    assert_int_equal(summary.resumes, 3);
    assert_true(summary.seconds == 12.346);

    assert_null(manifest_config(a, "out"));
    config_node *value = config_new_scalar(a, (config_place){0}, "0.5", false);
    e.p.config = config_at_path(a, "optimizer.learning_rate", value);
    assert_true(manifest_write(&folder, &e.p, &why));
    assert_true(config_same(manifest_config(a, "out"), e.p.config, false));
    run_folder_close(&folder);
}

static void the_status_is_replaced(void **state)
{
    (void)state;
    static const run_status all[] = {RUN_RUNNING, RUN_FAILED, RUN_INTERRUPTED, RUN_FINISHED};
    run_folder folder;
    example e;
    fill(&e);
    assert_true(run_folder_create(a, "iris", "out", &folder, &why));
    for (size_t i = 0; i < 4; i++) {
        run_status status;
        e.p.status = all[i];
        assert_true(manifest_write(&folder, &e.p, &why));
        assert_true(manifest_read_status("out", &status, &why));
        assert_int_equal(status, all[i]);
    }
    run_folder_close(&folder);
}

static void a_damaged_manifest_is_an_error(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "status: [", "- a", "status: asleep\n",
                                        "status: running\nstarted: x\nseconds: 1\nresumes: -1\n"};
    run_status status;
    assert_int_equal(mkdir("out", 0777), 0);
    assert_false(manifest_read_status("out", &status, &why));
    assert_non_null(strstr(why.text, "No such file"));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_true(file_write("out/manifest.yaml", texts[i], strlen(texts[i]), &why));
        assert_false(manifest_read_status("out", &status, &why));
        assert_int_equal(why.status, STATUS_ENVIRONMENT);
        assert_non_null(strstr(why.text, "not the manifest of a run"));
    }
}

static void a_full_disk_leaves_the_earlier_manifest(void **state)
{
    (void)state;
    run_folder folder;
    example e;
    fill(&e);
    assert_true(run_folder_create(a, "iris", "out", &folder, &why));
    e.p.status = RUN_RUNNING;
    assert_true(manifest_write(&folder, &e.p, &why));
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files acts like a disk that fills up */
    struct rlimit before, tight;
    getrlimit(RLIMIT_FSIZE, &before);
    tight = before;
    tight.rlim_cur = 64;
    setrlimit(RLIMIT_FSIZE, &tight);
    e.p.status = RUN_FINISHED;
    const bool written = manifest_write(&folder, &e.p, &why);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(written);
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    run_status status;
    assert_true(manifest_read_status("out", &status, &why));
    assert_int_equal(status, RUN_RUNNING);
    run_folder_close(&folder);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_new_run_gets_a_folder_and_latest_points_at_it),
        IN_A_FOLDER(closing_removes_what_is_empty),
        IN_A_FOLDER(output_must_be_empty_or_new),
        IN_A_FOLDER(names_that_leave_the_results_are_refused),
        IN_A_FOLDER(a_folder_that_cannot_be_written_is_found_at_once),
        IN_A_FOLDER(a_folder_in_use_is_refused_with_the_process),
        IN_A_FOLDER(only_folders_of_runs_are_opened),
        IN_A_FOLDER(latest_is_followed_when_it_is_opened),
        IN_A_FOLDER(the_manifest_reads_back),
        IN_A_FOLDER(the_status_is_replaced),
        IN_A_FOLDER(a_damaged_manifest_is_an_error),
        IN_A_FOLDER(a_full_disk_leaves_the_earlier_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
