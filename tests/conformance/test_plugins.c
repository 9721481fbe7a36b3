/* test_plugins.c: what every plugin of every kind must keep to. */
#include "conformance.h"

#include "host/object_file.h"

#include <dirent.h>
#include <fenv.h>
#include <float.h>
#include <locale.h>

/* As they were before any plugin was loaded. */
static fenv_t first_environment;
static char first_locale[256];

/* Names that a compiler or linker adds to every object. */
static bool added_by_tools(const char *name)
{
    const char *const tools[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; ++i)
        if (strcmp(name, tools[i]) == 0) return true;
    return strncmp(name, "__odr_asan", 10) == 0 || strncmp(name, "__asan", 6) == 0;
}

static void exports_one_name(const subject *s)
{
    failure why;
    const char *const *names;
    size_t count, entries = 0;
    if (!object_file_exports(s->memory, s->plugin->path, &names, &count, &why))
        fail_msg("%s", why.text);
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(names[i], SLOPE_ENTRY_SYMBOL) == 0)
            ++entries;
        else if (!added_by_tools(names[i]))
            fail_msg("it exports '%s': make it static, or compile with -fvisibility=hidden",
                     names[i]);
    }
    assert_int_equal(entries, 1);
}

static void assert_line(const char *what, const char *text)
{
    if (text == NULL || text[0] == 0) fail_msg("its %s is empty", what);
    if (text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z'))
        fail_msg("its %s begins with a capital: %s", what, text);
    if (text[strlen(text) - 1] == '.') fail_msg("its %s ends with a full stop: %s", what, text);
    if (strlen(text) > 250) fail_msg("its %s is too long for a line: %s", what, text);
}

static void describes_itself(const subject *s)
{
    const slope_plugin *about = s->about;
    assert_line("summary", about->summary);
    assert_true(about->description != NULL && about->description[0] != 0);
    assert_int_equal(strspn(about->version, "0123456789."), strlen(about->version));
    for (size_t i = 0; i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter_at(about->parameters, about->parameter_size, i);
        assert_line(arena_printf(s->memory, "parameter '%s': doc", p->key), p->doc);
    }
}

static void knows_no_unknown_extension(const subject *s)
{
    const char *const names[] = {"slope.nobody.has_defined_this/1", "", "slope"};
    for (size_t i = 0; s->about->extension != NULL && i < sizeof names / sizeof *names; ++i)
        if (s->about->extension(names[i]) != NULL)
            fail_msg("it knows an extension that nobody has defined: '%s'", names[i]);
}

/* The table fits the runner: a config struct can be made of nothing but defaults. (Not of a reader,
 * which may well need files.) */
static void accepts_its_defaults(const subject *s)
{
    bool more;
    const bool complete = s->plugin->kind != SLOPE_KIND_READER && !requires_something(s->about);
    if (complete && make_config(s, 0, &more) == NULL) fail_msg("it refuses its own defaults");
}

static void left_the_process_as_it_was(void)
{
    assert_int_equal(fegetround(), FE_TONEAREST);
    volatile float small32 = FLT_MIN;
    volatile double small64 = DBL_MIN;
    small32 /= 2;
    small64 /= 2;
    assert_true(small32 > 0 && small64 > 0);
#if defined(__x86_64__)
    fenv_t now;
    fegetenv(&now);
    assert_int_equal(now.__mxcsr & ~0x3fu, first_environment.__mxcsr & ~0x3fu);
    assert_int_equal(now.__control_word, first_environment.__control_word);
#endif
    assert_string_equal(setlocale(LC_ALL, NULL), first_locale);
}

static void every_plugin(void **state)
{
    const subject *s = *state;
    exports_one_name(s);
    describes_itself(s);
    accepts_its_defaults(s);
    knows_no_unknown_extension(s);
    left_the_process_as_it_was();
}

/* Names of the .c files below plugins/<kind>/ of the source tree. */
static size_t sources_of(arena *a, slope_kind kind)
{
    const char *source = getenv("SLOPE_SOURCE");
    if (source == NULL) return 1;
    size_t count = 0;
    DIR *folder = opendir(arena_printf(a, "%s/plugins/%s", source, kind_folder(kind)));
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        const char *suffix = strrchr(entry->d_name, '.');
        count += suffix != NULL && strcmp(suffix, ".c") == 0;
    }
    if (folder != NULL) closedir(folder);
    return count;
}

/* A build that lost plugins must not pass because there was less to test. */
static void nothing_is_missing(void **state)
{
    (void)state;
    arena *a = arena_create();
    failure why;
    size_t refused = 0;
    unsetenv("SLOPE_PLUGIN_PATH");
    registry *all = registry_create(a, &why);
    assert_non_null(all);
    const host_plugin *const *plugins;
    const size_t count = registry_load_all(all, &plugins, print_refusal, &refused);
    assert_int_equal(refused, 0);
    for (size_t i = 0; i < count; ++i) /* (one compiled by hand elsewhere may lack float64) */
        if (plugins[i]->description[FLOAT64] == NULL)
            fail_msg("%s is compiled for float32 only", plugins[i]->id);
    for (int kind = SLOPE_KIND_READER; kind <= SLOPE_KIND_SCHEDULE; ++kind) {
        size_t built = 0;
        for (size_t i = 0; i < count; ++i) built += plugins[i]->kind == (slope_kind)kind;
        const size_t expected = sources_of(a, (slope_kind)kind);
        if (built == 0 || built != expected)
            fail_msg("%zu plugins of kind %s are built, there are sources of %zu", built,
                     kind_name((slope_kind)kind), expected);
    }
    arena_destroy(a);
}

int main(int argc, char **argv)
{
    fegetenv(&first_environment);
    snprintf(first_locale, sizeof first_locale, "%s", setlocale(LC_ALL, NULL));
    const int failed = conformance_run(argc, argv, (slope_kind)0, every_plugin);
    if (argc > 1) return failed;
    const struct CMUnitTest whole[] = {cmocka_unit_test(nothing_is_missing)};
    return cmocka_run_group_tests(whole, NULL, NULL) != 0 || failed != 0;
}
