/* Tests of sweep/sampler.c and sweep/pruner.c: what plugins of these kinds say is checked before
 * anybody believes it, and their errors arrive whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h> /* its macro fail() is why host->fail stands in brackets here */

#include "sweep/pruner.h"
#include "sweep/sampler.h"

typedef struct config {
    int64_t many;
    double number;
    slope_status status;
    uint64_t count;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, many, "4", SLOPE_AT_LEAST(1), "how many"),
};

#define HEAD(struct_, kind_, id_) \
    { \
        SLOPE_HEAD(struct_, kind_), .id = id_, SLOPE_PARAMETERS(parameters, config) \
    }

/* ---- samplers -------------------------------------------------------------------------------- */

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    const config *c = call->config;
    if (c->status != SLOPE_OK) return call->host->fail_key(call->host, "many", "must be odd");
    *result = c->count;
    return SLOPE_OK;
}

/* Writes trial + number everywhere; leaves scratch memory behind. */
static slope_status sample(const slope_sampler_call *call)
{
    const config *c = call->config;
    double *scratch = call->host->allocate(call->host, 1000);
    if (c->status != SLOPE_OK) return (call->host->fail)(call->host, "cannot");
    for (size_t i = 0; i < call->count * call->dimension_count; ++i) {
        scratch[0] = (double)(call->first + i / call->dimension_count) + c->number;
        call->points[i] = scratch[0];
    }
    return SLOPE_OK;
}

static const slope_dimension space[] = {
    {"a", 3, SLOPE_NO_PARENT, 0}, {"b", 0, 0, 0}, {"c", 5, 0, 2}};

static sampler make(const slope_sampler *about, const config *c)
{
    return (sampler){.about = about, .config = c, .dimension_count = 3, .dimensions = space};
}

static const slope_sampler plain = {
    .plugin = HEAD(slope_sampler, SLOPE_KIND_SAMPLER, "fake"), .count = count, .sample = sample};
static const slope_sampler endless = {.plugin = HEAD(slope_sampler, SLOPE_KIND_SAMPLER, "fake"),
                                      .needs_count = true,
                                      .round_parameter = "many",
                                      .count = count,
                                      .sample = sample};

static void counts(void **state)
{
    failure why;
    uint64_t found;
    config c = {.count = 10};
    sampler s = make(&plain, &c);
    (void)state;
    assert_true(sampler_count(&s, &found, &why) && found == 10);
    s.wanted = 4;
    assert_true(sampler_count(&s, &found, &why) && found == 4);
    s.wanted = 40;
    assert_true(sampler_count(&s, &found, &why) && found == 10);
    c.count = UINT64_MAX;
    assert_true(sampler_count(&s, &found, &why) && found == 40);
    s.wanted = 0;
    assert_false(sampler_count(&s, &found, &why));
    assert_string_equal(why.text, "sampler fake finds no end: say how many with `trials: 100`");
    c.count = 0;
    assert_false(sampler_count(&s, &found, &why));
    assert_string_equal(why.text, "sampler fake places no trial");
    c.status = SLOPE_ERROR;
    assert_false(sampler_count(&s, &found, &why));
    assert_string_equal(why.text, "sampler fake: many: must be odd");
    s.about = &endless;
    assert_false(sampler_count(&s, &found, &why));
    assert_string_equal(why.text,
                        "sampler fake has no end of its own: say how many with `trials: 100`");
}

static void places(void **state)
{
    failure why;
    double points[9];
    config c = {.number = 0};
    sampler s = make(&plain, &c);
    (void)state;
    assert_true(sampler_place(&s, 0, 1, points, &why));
    const double wanted[] = {1, 0, 0, 2, 0, 2}; /* b and c only under their parent's choice */
    assert_true(sampler_place(&s, 1, 2, points, &why));
    assert_memory_equal(points, wanted, sizeof wanted);
    assert_false(sampler_place(&s, 2, 2, points, &why));
    assert_string_equal(why.text, "sampler fake: trial 3: 3 is no choice of 'a': it is at fault "
                                  "(`slope test` it), choose another");
    assert_int_equal(why.status, STATUS_ENVIRONMENT);
    c.number = 0.5;
    assert_false(sampler_place(&s, 0, 1, points, &why));
    assert_string_equal(why.text, "sampler fake: trial 0: 0.5 is no choice of 'a': it is at fault "
                                  "(`slope test` it), choose another");
    s.dimensions = &(slope_dimension){"b", 0, SLOPE_NO_PARENT, 0}; /* a range ends before 1 */
    s.dimension_count = 1;
    assert_true(sampler_place(&s, 0, 1, points, &why));
    assert_false(sampler_place(&s, 1, 1, points, &why));
    assert_string_equal(why.text, "sampler fake: trial 1: 1.5 is no place in the range of 'b': it "
                                  "is at fault (`slope test` it), choose another");
    c.number = (double)NAN;
    assert_false(sampler_place(&s, 0, 1, points, &why));
    c.status = SLOPE_ERROR;
    assert_false(sampler_place(&s, 0, 1, points, &why));
    assert_string_equal(why.text, "sampler fake: cannot");
}

static void rounds(void **state)
{
    (void)state;
    assert_int_equal(sampler_round(&plain, &(config){.many = 4}), 0);
    assert_int_equal(sampler_round(&endless, &(config){.many = 4}), 4);
    assert_false(sampler_has_rows(&plain));
}

static slope_status table(slope_sampler_table *call)
{
    static const char *const paths[] = {"a", "b", "a", ""};
    static const char *const cells[8];
    const config *c = call->config;
    call->rows = c->count;
    call->columns = (size_t)c->many;
    call->paths = paths;
    call->cells = cells;
    return c->status;
}

static void reads_rows(void **state)
{
    const slope_sampler own = {.plugin = HEAD(slope_sampler, SLOPE_KIND_SAMPLER, "fake"),
                               .count = count,
                               .sample = sample,
                               .table = table};
    arena *memory = arena_create();
    sampler_rows rows;
    failure why;
    config c = {.count = 2, .many = 2};
    (void)state;
    assert_true(sampler_has_rows(&own));
    assert_true(sampler_read_rows(memory, &own, &c, &rows, &why));
    assert_true(rows.rows == 2 && rows.columns == 2 && rows.file == NULL && rows.lines == NULL);
    c.many = 3;
    assert_false(sampler_read_rows(memory, &own, &c, &rows, &why));
    assert_string_equal(why.text, "sampler fake: two columns are named 'a'");
    c.many = 4;
    assert_false(sampler_read_rows(memory, &own, &c, &rows, &why));
    c.count = 0;
    assert_false(sampler_read_rows(memory, &own, &c, &rows, &why));
    assert_string_equal(why.text, "sampler fake: there is no row");
    c.status = SLOPE_ERROR;
    assert_false(sampler_read_rows(memory, &own, &c, &rows, &why));
    assert_string_equal(why.text, "sampler fake: failed without saying why");
    arena_destroy(memory);
}

/* ---- pruners --------------------------------------------------------------------------------- */

static uint64_t rung(const slope_pruner_call *call)
{
    const uint64_t steps[] = {3, 5, 5, 9};
    return call->rung < 4 ? steps[call->rung] : 0;
}

static slope_status decide(const slope_pruner_call *call)
{
    const config *c = call->config;
    if (c->status != SLOPE_OK)
        return (call->host->fail)(call->host, "rung %zu is slippery", call->rung);
    for (size_t i = 0; i < call->count; ++i) call->keep[i] = call->values[i] < c->number;
    return SLOPE_OK;
}

static const slope_pruner judge = {.plugin = HEAD(slope_pruner, SLOPE_KIND_PRUNER, "fake"),
                                   .cohort_parameter = "many",
                                   .rung = rung,
                                   .decide = decide};

static void rungs(void **state)
{
    const config c = {.many = 7};
    const pruner p = {&judge, &c};
    (void)state;
    assert_int_equal(pruner_cohort(&p), 7);
    assert_int_equal(pruner_rung(&p, 0, 0, 0, 1), 3);
    assert_int_equal(pruner_rung(&p, 1, 3, 0, 1), 5);
    assert_int_equal(pruner_rung(&p, 1, 3, 5, 1), 0); /* the limit comes first */
    assert_int_equal(pruner_rung(&p, 1, 3, 6, 1), 5);
    assert_int_equal(pruner_rung(&p, 2, 5, 0, 1), 0); /* no later than the one before */
    assert_int_equal(pruner_rung(&p, 4, 9, 0, 1), 0);
}

static void decisions(void **state)
{
    config c = {.number = 0.5};
    const pruner p = {&judge, &c};
    const double values[] = {0.1, 0.9};
    failure why;
    bool keep[2];
    (void)state;
    assert_true(pruner_decide(&p, 0, 2, values, 0, NULL, keep, &why));
    assert_true(keep[0] && !keep[1]);
    c.number = 0;
    assert_true(pruner_decide(&p, 0, 2, values, 1, values, keep, &why)); /* measured by others */
    assert_false(keep[0] || keep[1]);
    assert_false(pruner_decide(&p, 0, 2, values, 0, NULL, keep, &why));
    assert_string_equal(why.text, "pruner fake ends all 2 trials at rung 0: it is at fault (`slope "
                                  "test` it), choose another");
    assert_true(pruner_decide(&p, 0, 0, NULL, 0, NULL, keep, &why));
    c.status = SLOPE_ERROR;
    assert_false(pruner_decide(&p, 0, 2, values, 0, NULL, keep, &why));
    assert_string_equal(why.text, "pruner fake: rung 0 is slippery");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),     cmocka_unit_test(places), cmocka_unit_test(rounds),
        cmocka_unit_test(reads_rows), cmocka_unit_test(rungs),  cmocka_unit_test(decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
