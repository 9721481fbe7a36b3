/* cli/experiment_file.c: see experiment_file.h. */
#include "cli/experiment_file.h"

#include "base/text.h"
#include "cli/cli.h"
#include "config/load.h"
#include "config/overlay.h"
#include "data/cache.h"
#include "host/services.h"
#include "sweep/plan.h"

#include <stdio.h>
#include <string.h>

/* All errors of the file, and of the trials that can be made in spite of them, are printed. */
static const experiment *read_experiment(arena *a, const char *file, size_t override_count,
                                         const char *const *overrides, registry *plugins, bool data,
                                         exit_status *status)
{
    diagnostics *errors = diagnostics_create(a);
    config_node *tree = config_load(a, file, override_count, overrides, errors);
    const experiment *e = tree ? experiment_draft(a, tree, file, plugins, errors) : NULL;
    *status = STATUS_OK;
    if (!diagnostics_count(errors)) return e;
    if (e) plan_check_draft(e, data, errors);
    diagnostics_print(errors, stderr);
    *status = diagnostics_status(errors);
    return NULL;
}

const experiment *cli_load_experiment(arena *a, const char *name, int count, char **arguments,
                                      const char *const *forced, bool data, exit_status *status)
{
    failure why;
    size_t n = 0;
    if (count < 1) {
        *status = cli_usage(name, "which file?");
        return NULL;
    }
    if (!kernels_select(&why)) {
        *status = cli_fail(&why);
        return NULL;
    }
    while (forced && forced[n]) n++;
    const char **overrides = arena_alloc(a, ((size_t)count + n) * sizeof *overrides);
    size_t override_count = 0;
    for (int i = 1; i < count; i++) {
        if (!strchr(arguments[i], '=')) {
            *status = cli_usage(name, "'%s' is no override; expected key=value", arguments[i]);
            return NULL;
        }
        overrides[override_count++] = arguments[i];
    }
    for (size_t i = 0; i < n; i++) overrides[override_count++] = forced[i];
    registry *plugins = registry_create(a, &why);
    if (!plugins) {
        *status = cli_fail(&why);
        return NULL;
    }
    return read_experiment(a, arguments[0], override_count, overrides, plugins, data, status);
}

/* Whether the brackets that open a text close at its end: [1, 2], but not [1], [2]. */
static bool is_whole(const char *text)
{
    int depth = 0;
    if (*text != '[' && *text != '{') return strcmp(text, "auto") == 0;
    for (; *text; text++) {
        depth += (*text == '[' || *text == '{') - (*text == ']' || *text == '}');
        if (depth == 0) return text[1] == '\0';
    }
    return false;
}

const char *cli_sweep(arena *a, const char *name, const char *argument, exit_status *status)
{
    const char *equals = strchr(argument, '=');
    if (!equals || equals == argument || !equals[1]) {
        *status = cli_usage(name,
                            "--sweep takes path=values, such as optimizer.learning_rate=0.01,0.1, "
                            "not '%s'",
                            argument);
        return NULL;
    }
    const char *path = arena_strndup(a, argument, (size_t)(equals - argument));
    const char *values = equals + 1;
    const section_rule *rule = section_find(path);
    /* Names alone leave what the file sweeps below them where it is. */
    if (rule && rule->choice && !strchr(values, '{'))
        path = arena_printf(a, "%s.%s", path, rule->first);
    const bool whole = is_whole(values);
    /* The path stays one key, so that optimizer and optimizer.learning_rate can both be swept. */
    return arena_printf(a, "sweep={\"%s\": %s%s%s}", path, whole ? "" : "[", values,
                        whole ? "" : "]");
}

bool cli_set_threads(const char *name, const char *text, exit_status *status)
{
    int64_t count;
    if (text_to_integer(text, &count) && count >= 1 && count <= 1024) {
        threads_set((int)count);
        return true;
    }
    *status = cli_usage(name, "--threads takes a number from 1 to 1024, not '%s'", text);
    return false;
}

void cli_use_cache(void)
{
    arena *a = arena_create();
    cache_keep_in(cache_default_folder(a));
    arena_destroy(a);
}

static bool needs_quotes(const char *word)
{
    return !*word || strpbrk(word, " \t\n\"'\\$`*?[](){}<>|&;#~!") != NULL;
}

const char *cli_command_line(arena *a, int argc, char **argv)
{
    char *line = arena_strdup(a, "slope");
    for (int i = 0; i < argc; i++) {
        if (!needs_quotes(argv[i])) {
            line = arena_printf(a, "%s %s", line, argv[i]);
            continue;
        }
        line = arena_printf(a, "%s '", line);
        for (const char *p = argv[i]; *p; p++)
            line =
                *p == '\'' ? arena_printf(a, "%s'\\''", line) : arena_printf(a, "%s%c", line, *p);
        line = arena_printf(a, "%s'", line);
    }
    return line;
}
