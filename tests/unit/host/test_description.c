/* Tests of host/description.c: what samplers and pruners must bring, and the value of a parameter
 * by its key. (Descriptions of other kinds are refused in cli/test_plugins.py, from real files.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/description.h"
#include "slope/pruner.h"
#include "slope/sampler.h"

typedef struct config {
    int64_t many;
    double share;
    bool loud;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_INTEGER(config, many, "4", SLOPE_AT_LEAST(1), "how many"),
    SLOPE_PARAM_NUMBER(config, share, "0.5", SLOPE_IN_0_1, "how much"),
    SLOPE_PARAM_BOOL(config, loud, "true", "whether"),
};

#define HEAD(struct_, kind_) \
    { \
        SLOPE_HEAD(struct_, kind_), .id = "mine", .version = "1.0", .summary = "one", \
                                    .description = "One.", SLOPE_PARAMETERS(parameters, config) \
    }

static slope_status count(const slope_sampler_call *call, uint64_t *result)
{
    (void)call, (void)result;
    return SLOPE_OK;
}

static slope_status sample(const slope_sampler_call *call)
{
    (void)call;
    return SLOPE_OK;
}

static uint64_t rung(const slope_pruner_call *call)
{
    (void)call;
    return 0;
}

static slope_status decide(const slope_pruner_call *call)
{
    (void)call;
    return SLOPE_OK;
}

/* `text` is NULL where it is good. */
static void check(const slope_plugin *about, const char *text)
{
    const slope_plugin *const halves[2] = {about, NULL};
    failure why = {.text = ""};
    assert_int_equal(descriptions_check(halves, "mine", about->kind, &why), text == NULL);
    assert_string_equal(why.text, text != NULL ? text : "");
}

static void samplers(void **state)
{
    const slope_sampler good = {.plugin = HEAD(slope_sampler, SLOPE_KIND_SAMPLER),
                                .round_parameter = "many",
                                .count = count,
                                .sample = sample};
    slope_sampler bad = good;
    (void)state;
    check(&good.plugin, NULL);
    bad.round_parameter = "share";
    check(&bad.plugin, "its round_parameter 'share' is no integer parameter");
    bad = good;
    bad.count = NULL;
    check(&bad.plugin, "its description lacks 'count'");
    bad = good;
    bad.sample = NULL;
    check(&bad.plugin, "its description lacks 'sample'");
    bad = good;
    bad.plugin.size = offsetof(slope_sampler, table);
    failure why;
    const slope_plugin *const halves[2] = {&bad.plugin, NULL};
    assert_false(descriptions_check(halves, "mine", SLOPE_KIND_SAMPLER, &why));
    assert_non_null(strstr(why.text, "one of kind sampler has at least"));
}

static void pruners(void **state)
{
    const slope_pruner good = {.plugin = HEAD(slope_pruner, SLOPE_KIND_PRUNER),
                               .cohort_parameter = "many",
                               .rung = rung,
                               .decide = decide};
    slope_pruner bad = good;
    (void)state;
    check(&good.plugin, NULL);
    bad.cohort_parameter = "few";
    check(&bad.plugin, "its cohort_parameter 'few' is no integer parameter");
    bad = good;
    bad.rung = NULL;
    check(&bad.plugin, "its description lacks 'rung'");
    bad = good;
    bad.decide = NULL;
    check(&bad.plugin, "its description lacks 'decide'");
    bad = good;
    bad.plugin.kind = (slope_kind)(SLOPE_KIND_PRUNER + 1);
    check(&bad.plugin, "its kind 8 does not exist (1 to 7)");
}

static void values_by_key(void **state)
{
    const slope_pruner about = {.plugin = HEAD(slope_pruner, SLOPE_KIND_PRUNER)};
    const config c = {.many = 7, .share = 0.25, .loud = true};
    (void)state;
    assert_true(description_number(&about.plugin, &c, "many", 1) == 7);
    assert_true(description_number(&about.plugin, &c, "share", 1) == 0.25);
    assert_true(description_number(&about.plugin, &c, "loud", 3) == 3); /* no number */
    assert_true(description_number(&about.plugin, &c, "none", 3) == 3);
    assert_true(description_number(&about.plugin, &c, NULL, 3) == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samplers),
        cmocka_unit_test(pruners),
        cmocka_unit_test(values_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
