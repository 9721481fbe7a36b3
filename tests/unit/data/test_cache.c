/* The cache of tables: what comes out of it is what went in, bit for bit, or nothing; damage of any
 * byte, other keys, several processes at once, places that cannot be written. */
#include "data_kit.h"

#include "data/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static const char small[] = "{name: csv, file: t.csv, header: true, label_column: kind, "
                            "test_fraction: 0.25}";

static void write_small(kit *k)
{
    kit_text(k, "t.csv", "length,width,kind\n1,2.5,a\n3,4,b\n5,6.25,a\n7,8,c\n");
}

static int set_up(void **state)
{
    if (kit_create(state) != 0) return -1;
    kit *k = *state;
    cache_keep_in(kit_path(k, "cache/slope"));
    return 0;
}

static int tear_down(void **state)
{
    cache_keep_in(NULL);
    return kit_destroy(state);
}

#define CACHE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* Number of files in the cache that end so; *path is the last one. */
static size_t count_files(kit *k, const char *suffix, const char **path)
{
    size_t count = 0;
    DIR *list = opendir(kit_path(k, "cache/slope"));
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, suffix) != 0) continue;
        count++;
        if (path)
            *path = path_join(k->memory, kit_path(k, "cache/slope"),
                              arena_strdup(k->memory, entry->d_name));
    }
    if (list) closedir(list);
    return count;
}

static void assert_same_names(size_t count, const char *const *a, const char *const *b)
{
    for (size_t i = 0; i < count; i++) assert_string_equal(a[i], b[i]);
}

static void assert_same(const dataset *a, const dataset *b)
{
    assert_int_equal(a->features, b->features);
    assert_int_equal(a->classes, b->classes);
    for (int s = 0; s < SLOPE_SPLITS; s++) {
        assert_int_equal(a->splits[s].rows, b->splits[s].rows);
        if (a->splits[s].rows) assert_true(kit_same_table(a->splits[s].table, b->splits[s].table));
    }
    assert_int_equal(a->class_name_count, b->class_name_count);
    assert_int_equal(a->column_name_count, b->column_name_count);
    assert_same_names(a->class_name_count, a->class_names, b->class_names);
    assert_same_names(a->column_name_count, a->column_names, b->column_names);
    assert_int_equal(a->file_count, b->file_count);
    for (size_t i = 0; i < a->file_count; i++) {
        assert_string_equal(a->files[i], b->files[i]);
        assert_string_equal(a->digests[i], b->digests[i]);
    }
}

/* Loads twice; the first must write an entry, the second must use it and be the same. */
static void assert_kept(kit *k, const char *yaml)
{
    dataset *read = kit_load(k, yaml), *cached = kit_load(k, yaml);
    assert_string_equal(read->cache, "written");
    assert_string_equal(cached->cache, "used");
    assert_same(read, cached);
    dataset_destroy(read);
    dataset_destroy(cached);
}

static void assert_load(kit *k, const char *yaml, const char *note)
{
    dataset *data = kit_load(k, yaml);
    if (!data->cache || strcmp(data->cache, note) != 0)
        fail_msg("'%s' instead of '%s'", data->cache ? data->cache : "nothing", note);
    dataset_destroy(data);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static void keeps_classes_and_names(void **state)
{
    kit *k = *state;
    write_small(k);
    assert_kept(k, small);
    assert_int_equal(count_files(k, ".tables", NULL), 1);
    assert_int_equal(count_files(k, ".partial", NULL), 0);
}

static void keeps_targets(void **state)
{
    kit *k = *state;
    kit_text(k, "t.csv", "0.1,1\n0.2,2\n0.3,-1e300\n");
    assert_kept(k, "{name: csv, file: t.csv, target: values}");
}

/* uint8, several files, more than one piece of a megabyte, of which the last is short. */
static void keeps_images(void **state)
{
    kit *k = *state;
    enum { ROWS = 3000, WIDE = 30 };
    unsigned char *images = calloc(1, 16 + ROWS * WIDE * WIDE), *labels = calloc(1, 8 + ROWS);
    const unsigned char start[] = {0, 0, 8, 3,    0, 0, ROWS >> 8, ROWS & 255,
                                   0, 0, 0, WIDE, 0, 0, 0,         WIDE};
    const unsigned char names[] = {0, 0, 8, 1, 0, 0, ROWS >> 8, ROWS & 255};
    memcpy(images, start, sizeof start);
    memcpy(labels, names, sizeof names);
    for (size_t i = 0; i < ROWS * WIDE * WIDE; i++) images[16 + i] = (unsigned char)(i * i >> 3);
    for (size_t i = 0; i < ROWS; i++) labels[8 + i] = (unsigned char)(i % 7);
    kit_gzip(k, "x.gz", "wb", images, 16 + ROWS * WIDE * WIDE);
    kit_bytes(k, "y", labels, 8 + ROWS);
    assert_kept(k, "{name: idx, train: {images: x.gz, labels: y}, subtract_mean: true}");
    free(images);
    free(labels);
}

static void keeps_nothing_made_up(void **state)
{
    kit *k = *state;
    dataset *data = kit_load(k, "{name: synthetic, kind: blobs, rows: 30}");
    assert_null(data->cache);
    dataset_destroy(data);
    assert_int_equal(count_files(k, ".tables", NULL), 0);
}

/* ---- what makes a difference ----------------------------------------------------------------- */

static void contents_and_parameters_make_the_key(void **state)
{
    kit *k = *state;
    write_small(k);
    assert_load(k, small, "written");
    /* preparation and splits come after */
    assert_load(k, "{name: csv, file: t.csv, header: true, label_column: kind, scale: 2, limit: 2}",
                "used");
    assert_load(k, "{name: csv, file: t.csv, header: true, label_column: kind, seed: 5}",
                "written");
    assert_load(k,
                "{name: csv, file: t.csv, header: true, target: values, label_column: width, "
                "ignore: kind}",
                "written");
    /* the same size, within the same second */
    kit_text(k, "t.csv", "length,width,kind\n1,2.5,a\n3,4,b\n5,6.25,a\n7,9,c\n");
    dataset *data = kit_load(k, small);
    assert_string_equal(data->cache, "written");
    assert_number(kit_feature(data->splits[SLOPE_TRAIN].table, 3, 1), 9);
    dataset_destroy(data);
    write_small(k);
    assert_load(k, small, "used"); /* the first is still there */
    /* another file of that name and contents */
    assert_int_equal(mkdir(kit_path(k, "other"), 0777), 0);
    assert_int_equal(rename(kit_path(k, "t.csv"), kit_path(k, "other/t.csv")), 0);
    data = kit_load(k, "{name: csv, file: other/t.csv, header: true, label_column: kind}");
    assert_string_equal(data->cache, "used");
    assert_string_equal(data->files[0], kit_path(k, "other/t.csv"));
    dataset_destroy(data);
}

/* Errors are those of reading, with and without an entry. */
static void errors_stay_errors(void **state)
{
    kit *k = *state;
    write_small(k);
    assert_load(k, small, "written");
    kit_fails(k, STATUS_ENVIRONMENT,
              arena_printf(k->memory,
                           "{name: csv, file: t.csv, header: true, label_column: kind, "
                           "sha256: {t.csv: %064d}}",
                           0),
              "is damaged or another version", NULL);
    kit_fails(k, STATUS_ENVIRONMENT,
              "{name: csv, file: t.csv, header: true, label_column: kind, class_names: [x, y]}",
              "names are given for 2 classes", NULL);
    kit_text(k, "t.csv", "length,width,kind\n1,2.5,a\n3,nan,b\n");
    kit_fails(k, STATUS_ENVIRONMENT, small, NULL);
    assert_int_equal(count_files(k, ".tables", NULL), 1);
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* Puts a file into the place of an entry, as a stranger would. */
static void replace(const char *path, const unsigned char *bytes, size_t count)
{
    unlink(path); /* a file that is written anew, ext4 flushes to the disk on closing */
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, count), count);
    assert_int_equal(close(file), 0);
}

/* With this in its place the entry is not used but replaced, and the data are right. */
static void assert_replaced(kit *k, const dataset_config *config, const dataset *right,
                            const char *path, const unsigned char *bytes, size_t count)
{
    replace(path, bytes, count);
    dataset *data = dataset_load(config, &k->why);
    if (!data) fail_msg("%s", k->why.text);
    assert_string_equal(data->cache, "written");
    assert_same(data, right);
    dataset_destroy(data);
    assert_load(k, small, "used");
}

typedef struct damage {
    const dataset_config *config;
    const char *path;
    arena *names;
} damage;

/* Whether cache_find() takes what is in the entry's place. */
static bool believed(damage *d, const unsigned char *bytes, size_t count)
{
    cache_entry entry;
    reading r;
    replace(d->path, bytes, count);
    const bool found = cache_find(&entry, &r, d->config, d->names);
    if (found) cache_release(&entry);
    return found;
}

static void no_damaged_byte_is_believed(void **state)
{
    kit *k = *state;
    write_small(k);
    damage d = {.config = kit_config(k, small), .names = k->memory};
    dataset *right = dataset_load(d.config, &k->why);
    assert_non_null(right);
    unsigned char *bytes;
    size_t count;
    assert_int_equal(count_files(k, ".tables", &d.path), 1);
    assert_true(file_read(d.path, &bytes, &count, &k->why));
    assert_true(count > 4096 && count < 8192);
    assert_true(believed(&d, bytes, count));
    for (size_t i = 0; i < count; i += i >= 700 && i < 4000 ? 61 : 1) { /* there, all zeros */
        bytes[i] ^= (unsigned char)(1u << i % 8);
        if (believed(&d, bytes, count)) fail_msg("byte %zu", i);
        if (i % 512 == 0) assert_replaced(k, d.config, right, d.path, bytes, count);
        bytes[i] ^= (unsigned char)(1u << i % 8);
    }
    for (size_t length = 0; length < count; length += length < 1000 ? 33 : 517)
        if (believed(&d, bytes, length)) fail_msg("%zu bytes", length);
    assert_replaced(k, d.config, right, d.path, bytes, count - 1);
    assert_replaced(k, d.config, right, d.path, bytes, 0);
    unsigned char *longer = calloc(1, count + 4096);
    memcpy(longer, bytes, count);
    assert_false(believed(&d, longer, count + 1));
    assert_false(believed(&d, longer, count + 4096));
    memset(longer, 0, count);
    assert_replaced(k, d.config, right, d.path, longer, count);
    free(longer);
    free(bytes);
    dataset_destroy(right);
}

/* A whole entry, but of other data: under a name that is not its own. */
static void foreign_entries_are_not_believed(void **state)
{
    kit *k = *state;
    write_small(k);
    assert_load(k, small, "written");
    const char *path;
    unsigned char *bytes;
    size_t count;
    assert_int_equal(count_files(k, ".tables", &path), 1);
    assert_true(file_read(path, &bytes, &count, &k->why));
    assert_int_equal(unlink(path), 0);
    kit_text(k, "t.csv", "length,width,kind\n1,2.5,a\n3,4,b\n5,6.25,a\n7,9,c\n");
    dataset *right = kit_load(k, small);
    assert_int_equal(count_files(k, ".tables", &path), 1);
    assert_replaced(k, kit_config(k, small), right, path, bytes, count);
    dataset_destroy(right);
    free(bytes);
}

/* ---- several processes, and places that do not work ------------------------------------------ */

/* Each builds and uses entries while the others remove, truncate and build them. */
static void worker(kit *k, const dataset_config *config, const dataset *right)
{
    for (int i = 0; i < 60; i++) {
        dataset *data = dataset_load(config, &k->why);
        if (!data || !data->cache || strncmp(data->cache, "not kept", 8) == 0) _exit(1);
        for (int s = 0; s < SLOPE_SPLITS; s++)
            if (right->splits[s].rows &&
                !kit_same_table(data->splits[s].table, right->splits[s].table))
                _exit(2);
        dataset_destroy(data);
        const char *path;
        if (i % 3 == 0 && count_files(k, ".tables", &path)) unlink(path);
    }
    _exit(0);
}

static void processes_build_at_the_same_time(void **state)
{
    kit *k = *state;
    enum { WORKERS = 4 };
    write_small(k);
    const dataset_config *config = kit_config(k, small);
    cache_keep_in(NULL);
    dataset *right = dataset_load(config, &k->why);
    assert_non_null(right);
    assert_null(right->cache);
    cache_keep_in(kit_path(k, "cache/slope"));
    pid_t children[WORKERS];
    threads_set(1); /* OpenMP's threads do not survive fork() */
    for (int i = 0; i < WORKERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) worker(k, config, right);
    }
    for (int i = 0; i < WORKERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_files(k, ".partial", NULL), 0);
    dataset_destroy(right);
}

static void goes_on_where_it_cannot_be_kept(void **state)
{
    kit *k = *state;
    write_small(k);
    static const char *const places[] = {"/proc/none/slope", "/dev/null/slope", "/dev/full"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cache_keep_in(places[i]);
        dataset *data = kit_load(k, small);
        assert_non_null(data->cache);
        assert_int_equal(strncmp(data->cache, "not kept: cannot ", 17), 0);
        assert_non_null(strstr(data->cache, places[i]));
        dataset_destroy(data);
    }
}

static void finds_the_users_folder(void **state)
{
    kit *k = *state;
    setenv("HOME", "/home/somebody", 1);
    setenv("XDG_CACHE_HOME", "/var/cache/somebody", 1);
    assert_string_equal(cache_default_folder(k->memory), "/var/cache/somebody/slope");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_string_equal(cache_default_folder(k->memory), "/home/somebody/.cache/slope");
    setenv("XDG_CACHE_HOME", "", 1);
    assert_string_equal(cache_default_folder(k->memory), "/home/somebody/.cache/slope");
    unsetenv("HOME");
    unsetenv("XDG_CACHE_HOME");
    assert_null(cache_default_folder(k->memory));
}

static void set_age(const char *path, int days)
{
    const time_t then = time(NULL) - (time_t)days * 24 * 60 * 60;
    const struct timespec times[2] = {{.tv_sec = then}, {.tv_sec = then}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* What was not used for long goes when an entry is added; what is used stays; nothing else is ours.
 */
static void old_entries_are_removed(void **state)
{
    kit *k = *state;
    write_small(k);
    assert_load(k, small, "written");
    const char *used;
    assert_int_equal(count_files(k, ".tables", &used), 1);
    set_age(used, 61);
    assert_load(k, small, "used"); /* from now on it is young */
    kit_text(k, "cache/slope/old.tables", "x");
    kit_text(k, "cache/slope/killed.tables.abc.partial", "x");
    kit_text(k, "cache/slope/notes.txt", "x");
    set_age(kit_path(k, "cache/slope/old.tables"), 61);
    set_age(kit_path(k, "cache/slope/killed.tables.abc.partial"), 2);
    set_age(kit_path(k, "cache/slope/notes.txt"), 1000);
    assert_load(k, "{name: csv, file: t.csv, header: true, label_column: kind, seed: 5}",
                "written");
    assert_true(file_exists(used));
    assert_false(file_exists(kit_path(k, "cache/slope/old.tables")));
    assert_false(file_exists(kit_path(k, "cache/slope/killed.tables.abc.partial")));
    assert_true(file_exists(kit_path(k, "cache/slope/notes.txt")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CACHE_TEST(keeps_classes_and_names),
        CACHE_TEST(keeps_targets),
        CACHE_TEST(keeps_images),
        CACHE_TEST(keeps_nothing_made_up),
        CACHE_TEST(contents_and_parameters_make_the_key),
        CACHE_TEST(errors_stay_errors),
        CACHE_TEST(no_damaged_byte_is_believed),
        CACHE_TEST(foreign_entries_are_not_believed),
        CACHE_TEST(processes_build_at_the_same_time),
        CACHE_TEST(goes_on_where_it_cannot_be_kept),
        CACHE_TEST(old_entries_are_removed),
        CACHE_TEST(finds_the_users_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
