/* Tests of record/progress.h: stderr is put on a pseudo-terminal or into a file while the calls are
 * made, and what came out is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "pseudo_terminal.h"
#include "record/progress.h"

static char text[65536];

static progress_state example(void)
{
    return (progress_state){.trial = 2,
                            .trial_count = 6,
                            .label = "mlp adam",
                            .epoch = 3.4,
                            .epochs = 10,
                            .step = 1500,
                            .fraction = 0.34,
                            .loss = 0.31234,
                            .accuracy = 0.88123,
                            .loss_name = "train_loss",
                            .accuracy_name = "validation_accuracy",
                            .rows_per_second = 412345,
                            .best_accuracy = 0.88712};
}

/* Makes `file` the standard error, and back. */
static int redirect(int file)
{
    fflush(stderr);
    const int earlier = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    return earlier;
}

static void restore(int earlier)
{
    fflush(stderr);
    dup2(earlier, STDERR_FILENO);
    close(earlier);
}

static const char *on_terminal(void (*calls)(void), unsigned short columns)
{
    const pseudo_terminal terminal = pseudo_terminal_open(columns);
    const int earlier = redirect(terminal.slave);
    calls();
    restore(earlier);
    pseudo_terminal_read(terminal, text, sizeof text);
    return text;
}

static const char *in_file(void (*calls)(void))
{
    FILE *file = tmpfile();
    const int earlier = redirect(fileno(file));
    calls();
    restore(earlier);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void one_evaluation(void)
{
    progress *p = progress_create(false);
    const progress_state s = example();
    progress_evaluation(p, &s);
    progress_destroy(p);
}

static void a_terminal_gets_one_line(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    assert_string_equal(on_terminal(one_evaluation, 200),
                        "\rtrial 2/6 mlp adam  epoch 3.4/10  train loss 0.3123  val acc 0.8812  "
                        "412k rows/s  best 0.8871\033[K\r\033[K");
}

static void the_line_is_cut_to_the_terminal(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    assert_string_equal(on_terminal(one_evaluation, 30),
                        "\rtrial 2/6 mlp adam  epoch 3.4\033[K\r\033[K");
}

static void files_and_dumb_terminals_get_plain_lines(void **state)
{
    (void)state;
    const char *expected = "trial 2/6 mlp adam  step 1500  epoch 3.4  train loss 0.3123  "
                           "val acc 0.8812  412k rows/s\n";
    setenv("TERM", "xterm", 1);
    assert_string_equal(in_file(one_evaluation), expected);
    setenv("TERM", "dumb", 1);
    assert_string_equal(on_terminal(one_evaluation, 80), expected);
}

static void many_updates(void)
{
    progress *p = progress_create(false);
    progress_state s = example();
    for (s.step = 0; s.step < 100000; s.step++) progress_update(p, &s);
    progress_destroy(p);
}

static void updates_are_drawn_ten_times_a_second(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    size_t drawn = 0;
    for (const char *c = on_terminal(many_updates, 120); (c = strstr(c, "\rtrial")); c++) drawn++;
    assert_in_range(drawn, 1, 20); /* 100000 clock readings take well under two seconds */
    assert_string_equal(in_file(many_updates), "");
}

static void quietly(void)
{
    progress *p = progress_create(true);
    const progress_state s = example();
    progress_update(p, &s);
    progress_evaluation(p, &s);
    progress_clear(p);
    progress_destroy(p);
    progress_destroy(NULL);
}

static void quiet_is_quiet(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    assert_string_equal(on_terminal(quietly, 80), "");
    assert_string_equal(in_file(quietly), "");
}

static void half_way(void)
{
    progress *p = progress_create(false);
    progress_state s = example();
    s.fraction = 0.25; /* resumed here: this much says nothing about the speed */
    progress_update(p, &s);
    usleep(400000);
    s.fraction = 0.50;
    progress_update(p, &s);
    progress_destroy(p);
}

static void time_left_counts_from_where_the_trial_began(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    /* 0.25 took 0.4 seconds, so 0.5 takes 0.8; a slow machine may take longer, up to a minute */
    const char *left = strstr(on_terminal(half_way, 200), "0:");
    assert_non_null(left);
    assert_true(atoi(left + 2) >= 1);
    assert_memory_equal(left + 4, " left", 5);
}

static void little_is_known(void)
{
    progress *p = progress_create(false);
    const progress_state s = {.trial = 1,
                              .trial_count = 1,
                              .label = "a\033[2Jb",
                              .fraction = NAN,
                              .loss = NAN,
                              .accuracy = INFINITY,
                              .accuracy_name = "accuracy",
                              .best_accuracy = NAN};
    progress_evaluation(p, &s);
    progress_destroy(p);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    assert_string_equal(on_terminal(little_is_known, 200),
                        "\ra [2Jb  epoch 0.0  acc inf\033[K\r\033[K");
    assert_string_equal(in_file(little_is_known), "a [2Jb  step 0  epoch 0  acc inf\n");
}

static void long_label(void)
{
    static char label[5000];
    memset(label, 'x', sizeof label - 1);
    progress *p = progress_create(false);
    progress_state s = example();
    s.label = label;
    s.rows_per_second = 12;
    progress_evaluation(p, &s);
    progress_destroy(p);
}

static void a_long_label_does_no_harm(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    assert_int_equal(strlen(on_terminal(long_label, 100)), strlen("\r\033[K\r\033[K") + 99);
    assert_in_range(strlen(in_file(long_label)), 1000, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_gets_one_line),
        cmocka_unit_test(the_line_is_cut_to_the_terminal),
        cmocka_unit_test(files_and_dumb_terminals_get_plain_lines),
        cmocka_unit_test(updates_are_drawn_ten_times_a_second),
        cmocka_unit_test(quiet_is_quiet),
        cmocka_unit_test(time_left_counts_from_where_the_trial_began),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(a_long_label_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
