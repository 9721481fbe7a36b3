/* Tests of plugins/samplers/list.c: comma-separated values as RFC 4180 has them, and what is said
 * about files that are not. */
#include "plugin_test.h"

#include "sweep/sampler.h"

#include <unistd.h>

typedef struct fixture {
    arena *memory;
    const slope_sampler *about;
    char path[64];
    plugin_config config;
    sampler_rows rows;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.memory = arena_create(), .about = open_plugin("samplers", "list", FLOAT32)};
    snprintf(f.path, sizeof f.path, "/tmp/slope-list-XXXXXX");
    const int file = mkstemp(f.path);
    assert_true(file >= 0);
    close(file);
    const slope_parameter *p = find_parameter(&f.about->plugin, "file");
    const char *path = f.path;
    memcpy(f.config.bytes + p->offset, &path, sizeof path);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path);
    arena_destroy(f->memory);
    return 0;
}

static bool read_bytes(fixture *f, const char *bytes, size_t count, failure *why)
{
    FILE *file = fopen(f->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
    return sampler_read_rows(f->memory, f->about, &f->config, &f->rows, why);
}

static void accept(fixture *f, const char *text, size_t rows, size_t columns)
{
    failure why = {.text = ""};
    if (!read_bytes(f, text, strlen(text), &why)) fail_msg("%s", why.text);
    assert_int_equal(f->rows.rows, rows);
    assert_int_equal(f->rows.columns, columns);
    assert_string_equal(f->rows.file, f->path);
}

static void cell(const fixture *f, size_t row, size_t column, const char *wanted)
{
    const char *found = f->rows.cells[row * f->rows.columns + column];
    if (wanted == NULL)
        assert_null(found);
    else
        assert_string_equal(found, wanted);
}

/* `text` has %s for the file. */
static void refuse_bytes(fixture *f, const char *bytes, size_t count, const char *text)
{
    failure why = {.text = ""};
    char wanted[512] = "sampler list: ";
    strcat(wanted, f->path);
    strcat(wanted, text);
    assert_false(read_bytes(f, bytes, count, &why));
    assert_string_equal(why.text, wanted);
    assert_int_equal(why.status, STATUS_CONFIG);
}

static void refuse(fixture *f, const char *bytes, const char *text)
{
    refuse_bytes(f, bytes, strlen(bytes), text);
}

static void reads_cells(void **state)
{
    fixture *f = *state;
    accept(f, "optimizer.name,model.hidden , l2\nsgd,\"[64, 32]\",1e-3\nadam,, \n", 2, 3);
    assert_string_equal(f->rows.paths[0], "optimizer.name");
    assert_string_equal(f->rows.paths[1], "model.hidden");
    assert_string_equal(f->rows.paths[2], "l2");
    cell(f, 0, 0, "sgd");
    cell(f, 0, 1, "[64, 32]");
    cell(f, 0, 2, "1e-3");
    cell(f, 1, 0, "adam");
    cell(f, 1, 1, NULL);
    cell(f, 1, 2, NULL);
    assert_int_equal(f->rows.lines[0], 2);
    assert_int_equal(f->rows.lines[1], 3);
}

static void reads_quotes(void **state)
{
    fixture *f = *state;
    accept(f, "a,\"b\"\n\"x \"\"y\"\"\",\"one\ntwo\r\nthree\"\n\"\",\" z\"\n3,4\n", 3, 2);
    cell(f, 0, 0, "x \"y\"");
    cell(f, 0, 1, "one\ntwo\r\nthree");
    cell(f, 1, 0, NULL);
    cell(f, 1, 1, "z");
    cell(f, 2, 1, "4");
    assert_int_equal(f->rows.lines[1], 5); /* lines of the file, not rows */
    assert_int_equal(f->rows.lines[2], 6);
}

static void bears_line_ends_and_marks(void **state)
{
    fixture *f = *state;
    accept(f,
           "\xEF\xBB\xBF"
           "a,b\r\n1,2\r\n\r\n3,4",
           2, 2);
    assert_string_equal(f->rows.paths[0], "a");
    cell(f, 0, 1, "2");
    cell(f, 1, 0, "3");
    cell(f, 1, 1, "4");
    assert_int_equal(f->rows.lines[1], 4);
    accept(f, "a\n1\n\n\n2\n", 2, 1);
    cell(f, 1, 0, "2");
    accept(f, "a,b\n1,", 1, 2); /* ends in an empty cell */
    cell(f, 0, 1, NULL);
    accept(f, "a\nin \"quotes\"\n", 1, 1); /* a quote in the middle is one */
    cell(f, 0, 0, "in \"quotes\"");
}

static void many_rows(void **state)
{
    enum { ROWS = 20000 };
    fixture *f = *state;
    char *text = malloc(ROWS * 24 + 8), *at = text + sprintf(text, "a,b\n");
    for (int i = 0; i < ROWS; ++i) at += sprintf(at, "%d,\"%d\"\n", i, 3 * i);
    accept(f, text, ROWS, 2);
    for (int i = 0; i < ROWS; i += 101) {
        char wanted[16];
        sprintf(wanted, "%d", 3 * i);
        cell(f, (size_t)i, 1, wanted);
    }
    free(text);
}

static void refuses(void **state)
{
    fixture *f = *state;
    refuse(f, "", ": is empty");
    refuse(f, "\n\r\n", ": is empty");
    refuse(f, "a,b\n", ": has no row below the first, which names the columns");
    refuse(f, "a,b\n1,2\n3\n", ":3: 1 cells where the first row has 2");
    refuse(f, "a,b\n1,2\n\n1,2,3,4,5\n", ":4: 5 cells where the first row has 2");
    refuse(f, "a,,c\n1,2,3\n",
           ":1: column 2 has no name: the first row names what is swept, such "
           "as optimizer.learning_rate");
    refuse(f, "\na,b,a\n1,2,3\n", ":2: two columns are named 'a'");
    refuse(f, "a\n1\n\"2\n3\n", ":3: the quote that begins here has no end");
    refuse(f, "a\n\"1\n2\"3\n", ":3: text after a closing quote: double the quotes inside a cell");
    refuse_bytes(f, "a\n1\0\n", 5, ": holds zero bytes, so it is no text");
}

static void file_that_cannot_be_read(void **state)
{
    fixture *f = *state;
    failure why;
    unlink(f->path);
    assert_false(sampler_read_rows(f->memory, f->about, &f->config, &f->rows, &why));
    assert_non_null(strstr(why.text, "sampler list: "));
    assert_non_null(strstr(why.text, "No such file or directory"));
}

static void places_row_after_row(void **state)
{
    fixture *f = *state;
    slope_dimension space[] = {{"", 5, SLOPE_NO_PARENT, 0}, {"seed", 2, SLOPE_NO_PARENT, 0}};
    sampler s = {
        .about = f->about, .config = &f->config, .dimension_count = 1, .dimensions = space};
    failure why;
    uint64_t count;
    double points[3];
    assert_true(sampler_has_rows(f->about));
    assert_true(sampler_count(&s, &count, &why));
    assert_int_equal(count, 5);
    assert_true(sampler_place(&s, 2, 3, points, &why));
    for (size_t i = 0; i < 3; ++i) assert_true(points[i] == 2 + (double)i);
    space[0] = (slope_dimension){"l2", 3, SLOPE_NO_PARENT, 0};
    s.dimension_count = 2;
    assert_false(sampler_count(&s, &count, &why));
    assert_string_equal(why.text,
                        "sampler list: 'l2' is swept beside the rows of the file: make it "
                        "a column of the file, or take it out of the sweep");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_cells),
        TEST(reads_quotes),
        TEST(bears_line_ends_and_marks),
        TEST(many_rows),
        TEST(refuses),
        TEST(file_that_cannot_be_read),
        TEST(places_row_after_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
