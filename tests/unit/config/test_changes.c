/* test_changes.c: config/changes.h: what is told of two configurations, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/changes.h"
#include "config_fixture.h"

static const char *const limits[] = {"checkpoint", "sweep.seconds", NULL};

static void expect(fixture *f, const char *before, const char *now, const char *lines)
{
    write_file("before.yaml", before);
    write_file("now.yaml", now);
    const config_node *one = config_load_file(f->memory, "before.yaml", f->errors);
    const config_node *other = config_load_file(f->memory, "now.yaml", f->errors);
    expect_errors(f, "");
    assert_string_equal(config_changes(f->memory, one, other, limits), lines);
}

static void values(void **state)
{
    fixture *f = *state;
    expect(f, "a: {b: 1, c: x}\n", "a: {b: 1, c: x}\n", "");
    expect(f, "a: {b: 1, c: x}\nd: [1, 2]\n", "a: {b: 2, e: null}\nd: [1]\n",
           "  a.b: 1 -> 2\n  a.c: removed, was x\n  a.e: added, null\n  d: [1, 2] -> [1]\n");
    expect(f, "a: 3\n", "a: {b: 3}\n", "  a: 3 -> {b: 3}\n");
    expect(f, "l: [{a: 1}, {b: 2}]\n", "l: [{a: 1}, {b: 3}, {c: 4}]\n",
           "  l.1.b: 2 -> 3\n  l.2: added, {c: 4}\n");
    expect(f, "sweep: {train.epochs: [1]}\n", "sweep: {train.epochs: [2]}\n",
           "  sweep.train.epochs: [1] -> [2]\n");
}

static void what_does_not_count(void **state)
{
    fixture *f = *state;
    expect(f, "a: 0.1\nb: [1, 2]\n", "a: 1e-1\nb: [1.0, 2]\n", "");
    expect(f, "a: '1'\n", "a: '1.0'\n", "  a: 1 -> 1.0\n");
    expect(f, "file: /home/a/x.csv\n", "file: /data/x.csv\n", "");
    expect(f, "file: /home/a/x.csv\n", "file: /home/a/y.csv\n",
           "  file: /home/a/x.csv -> /home/a/y.csv\n");
    expect(f, "checkpoint: {every: 1}\nsweep: {seconds: 1, seed: 1}\n",
           "checkpoint: {every: 2}\nsweep: {seed: 1, seconds: 2}\n", "");
    expect(f, "trials: [{checkpoint: 1}]\n", "trials: [{checkpoint: 2}]\n", "");
    expect(f, "checkpoints: 1\n", "checkpoints: 2\n", "  checkpoints: 1 -> 2\n");
}

static void order(void **state)
{
    fixture *f = *state;
    expect(f, "a: 1\nb: 2\n", "b: 2\na: 1\n", "");
    expect(f, "sweep: {a.b: [1], c.d: [2]}\n", "sweep: {c.d: [2], a.b: [1]}\n",
           "  sweep: its keys stand in another order, which numbers the trials\n");
}

static void bounds(void **state)
{
    fixture *f = *state;
    expect(f, "{a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1, l: 1}\n",
           "{a: 2, b: 2, c: 2, d: 2, e: 2, f: 2, g: 2, h: 2, i: 2, j: 2, k: 2, l: 2}\n",
           "  a: 1 -> 2\n  b: 1 -> 2\n  c: 1 -> 2\n  d: 1 -> 2\n  e: 1 -> 2\n  f: 1 -> 2\n"
           "  g: 1 -> 2\n  h: 1 -> 2\n  i: 1 -> 2\n  j: 1 -> 2\n  and 2 more\n");
    /* long values, from shortly before where they differ; characters are not cut in two */
    expect(f, "a: 0123456789012345678901234567890123456789012345678901234567890123456789\n",
           "a: 01234567890123456789012345678901234567890123456789x\n",
           "  a: …89012345678901234567890123456789 -> …890123456789x\n");
    expect(f, "a: 1\n", "a: ääääääääääääääääääääääääääääää\n",
           "  a: 1 -> ääääääääääääääääääääääää…\n");
    expect(f, "a: [100000, 200000, 300000, 400000, 500000, 600000, 700000]\n",
           "a: [100000, 200000, 300000, 400000, 500000, 600000, 7]\n", "  a.6: 700000 -> 7\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(values), TEST(what_does_not_count), TEST(order),
                                       TEST(bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
