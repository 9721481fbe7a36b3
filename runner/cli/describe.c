/* cli/describe.c: `slope describe`: a plugin explained from its own tables, with an example that
 * `slope validate` accepts. */
#include "cli/cli.h"

#include "base/files.h"
#include "base/text.h"
#include "config/bind.h"
#include "config/parse.h"
#include "host/description.h"
#include "host/registry.h"
#include "record/table.h"

#include "slope/sampler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void print_help(void)
{
    puts(
        "usage: slope describe NAME\n"
        "\n"
        "Explains a plugin: what it computes, its parameters with type, default, bounds and\n"
        "meaning, and an experiment that uses it. Where plugins of two kinds have one name, write\n"
        "KIND/NAME.\n"
        "\n"
        "examples:\n"
        "  slope describe adam\n"
        "  slope describe loss/softmax > softmax.txt");
}

/* ---- the table of parameters ----------------------------------------------------------------- */

static const char *type_text(arena *a, const slope_parameter *p)
{
    switch (p->type) {
    case SLOPE_BOOL:
        return "true or false";
    case SLOPE_INTEGER:
        return "integer";
    case SLOPE_NUMBER:
        return "number";
    case SLOPE_STRING:
        return "text";
    case SLOPE_PATH:
        return "file";
    case SLOPE_INTEGERS:
        return "integers";
    case SLOPE_PATHS:
        return "files";
    case SLOPE_STRINGS:
        return "texts";
    case SLOPE_TEXTS:
        return "names: texts";
    case SLOPE_ARRAYS:
        return "names: numbers";
    case SLOPE_CHOICE:
        break;
    }
    const char *all = p->choices[0];
    for (size_t i = 1; p->choices[i] != NULL; ++i)
        all = arena_printf(a, "%s | %s", all, p->choices[i]);
    return all;
}

/* "> 0", "0 … 1", ">= 0, < 1"; "" where anything goes. */
static const char *bounds_text(arena *a, const slope_parameter *p)
{
    char low[32], high[32];
    const bool below = isfinite(p->min), above = isfinite(p->max);
    const char *from = (p->flags & SLOPE_MIN_OPEN) ? ">" : ">=";
    const char *to = (p->flags & SLOPE_MAX_OPEN) ? "<" : "<=";
    text_from_number(low, p->min);
    text_from_number(high, p->max);
    if (below && above) return arena_printf(a, "%s %s, %s %s", from, low, to, high);
    if (below) return arena_printf(a, "%s %s", from, low);
    if (above) return arena_printf(a, "%s %s", to, high);
    return "";
}

static const char *default_text(const slope_parameter *p)
{
    if (p->fallback != NULL) return p->fallback;
    return (p->flags & SLOPE_REQUIRED) ? "(required)" : "(none)";
}

static const slope_parameter *parameter_of(const slope_plugin *plugin, size_t i)
{
    return parameter_at(plugin->parameters, plugin->parameter_size, i);
}

static void print_parameters(arena *a, const slope_plugin *plugin)
{
    if (plugin->parameter_count == 0) {
        puts("\nIt has no parameters.");
        return;
    }
    table *t = table_create();
    const char *const titles[] = {"parameter", "type", "default", "bounds", "meaning"};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; ++i)
        table_column(t, titles[i], ALIGN_LEFT);
    for (size_t i = 0; i < plugin->parameter_count; ++i) {
        const slope_parameter *p = parameter_of(plugin, i);
        table_cell(t, "%s", p->key);
        table_cell(t, "%s", type_text(a, p));
        table_cell(t, "%s", default_text(p));
        table_cell(t, "%s", bounds_text(a, p));
        table_cell(t, "%s", p->doc);
    }
    putchar('\n');
    table_print(t, stdout);
    table_destroy(t);
}

/* ---- the example ----------------------------------------------------------------------------- */

static bool is_file(const slope_parameter *p)
{
    return p->type == SLOPE_PATH || p->type == SLOPE_PATHS;
}

/* A value for what has no default: the name of a file, or whatever the type and bounds allow. */
static const char *sample_value(arena *a, const slope_parameter *p)
{
    if (is_file(p)) {
        char *name = arena_printf(a, "my_%s", p->key);
        for (char *c = name; *c != 0; ++c)
            if (*c == '.') *c = '_';
        return name;
    }
    if (p->type == SLOPE_CHOICE) return p->choices[0];
    if (p->type == SLOPE_BOOL) return "true";
    if (p->type == SLOPE_STRING) return "text";
    const double step = p->type == SLOPE_NUMBER ? 0.0 : 1.0;
    const bool finite = isfinite(p->min) && isfinite(p->max);
    double value = isfinite(p->min) ? p->min : isfinite(p->max) ? p->max - 1.0 : 1.0;
    if (p->flags & SLOPE_MIN_OPEN)
        value = finite && step == 0.0 ? 0.5 * (p->min + p->max) : value + 1.0;
    char *text = arena_alloc(a, 32);
    return text_from_number(text, step == 0.0 ? value : ceil(value));
}

/* {a: {b: value}} for the key "a.b". */
static config_node *nested(arena *a, const char *key, config_node *value)
{
    const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};
    const char *dot = strchr(key, '.');
    config_node *inner = dot != NULL ? nested(a, dot + 1, value) : value;
    config_node *outer = config_new_mapping(a, nowhere);
    config_set(a, outer, dot != NULL ? arena_strndup(a, key, (size_t)(dot - key)) : key, nowhere,
               inner);
    return outer;
}

static config_node *plain(arena *a, const char *text)
{
    return config_new_scalar(a, (config_place){ORIGIN_DEFAULT, NULL, 0, 0}, text, false);
}

/* The example that the plugin gives, or one made up. */
static config_node *sample_node(arena *a, const bind_table *rules, const slope_parameter *p,
                                diagnostics *errors)
{
    const bool has_example = rules->element_size >= SIZE_THROUGH(slope_parameter, example);
    if (!has_example || p->example == NULL) return plain(a, sample_value(a, p));
    const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};
    config_node *node = config_parse(a, p->example, strlen(p->example), nowhere, p->key, errors);
    return node != NULL ? node : plain(a, sample_value(a, p));
}

/* The plugin's section: what must be given, then the defaults. A reader of which no file is
 * required gets its first one, as it cannot read nothing. */
static config_node *example_section(arena *a, const host_plugin *plugin, diagnostics *errors)
{
    const slope_plugin *about = plugin->description[FLOAT32];
    const bool reads = plugin->kind == SLOPE_KIND_READER;
    config_node *section = nested(a, "name", plain(a, plugin->id));
    /* A data set may have the reader's name, and would be meant otherwise. */
    if (reads) section = config_merge(a, section, nested(a, "in_place", plain(a, "true")));
    const bind_table rules = {.parameters = about->parameters,
                              .count = about->parameter_count,
                              .element_size = about->parameter_size,
                              .config_size = about->config_size,
                              .owner = plugin->id};
    bool has_file = false;
    for (size_t i = 0; i < about->parameter_count; ++i)
        has_file |= is_file(parameter_of(about, i)) &&
                    (parameter_of(about, i)->flags & SLOPE_REQUIRED) != 0;
    for (size_t i = 0; i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter_of(about, i);
        const bool wanted = (p->flags & SLOPE_REQUIRED) || (reads && is_file(p) && !has_file);
        has_file |= is_file(p);
        if (wanted)
            section =
                config_merge(a, section, nested(a, p->key, sample_node(a, &rules, p, errors)));
    }
    config_node *defaults = config_new_mapping(a, section->place);
    bind_section(a, &rules, NULL, NULL, NULL, defaults, errors);
    return config_merge(a, section, defaults);
}

static const char *section_name(slope_kind kind)
{
    return kind == SLOPE_KIND_READER ? "dataset" : kind_name(kind);
}

/* A space for a sampler or pruner, and how many trials where the sampler has no end. Rows of a file
 * are a space of their own. */
static config_node *example_sweep(arena *a, const host_plugin *plugin, config_node *section)
{
    const slope_plugin *about = plugin->description[FLOAT32];
    const slope_sampler *sampler =
        plugin->kind == SLOPE_KIND_SAMPLER ? (const slope_sampler *)about : NULL;
    const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};
    const bool endless = sampler != NULL && sampler->needs_count;
    const char *space = endless ? "{log_uniform: [0.001, 1]}" : "[0.01, 0.1, 1]";
    const char *path = "optimizer.learning_rate";
    config_node *sweep = config_new_mapping(a, nowhere);
    if (sampler == NULL || sampler->table == NULL)
        config_set(a, sweep, path, nowhere,
                   config_parse(a, space, strlen(space), nowhere, path, diagnostics_create(a)));
    config_set(a, sweep, kind_name(plugin->kind), nowhere, section);
    if (endless) config_set(a, sweep, "trials", nowhere, plain(a, "16"));
    return sweep;
}

static void print_example(arena *a, const host_plugin *plugin)
{
    const config_place nowhere = {ORIGIN_DEFAULT, NULL, 0, 0};
    diagnostics *unused = diagnostics_create(a); /* of required keys, which stand in the section */
    config_node *root = config_new_mapping(a, nowhere);
    if (plugin->kind != SLOPE_KIND_READER)
        config_set(a, root, "dataset", nowhere, config_new_scalar(a, nowhere, "iris", false));
    config_node *section = example_section(a, plugin, unused);
    if (plugin->kind == SLOPE_KIND_SAMPLER || plugin->kind == SLOPE_KIND_PRUNER)
        config_set(a, root, "sweep", nowhere, example_sweep(a, plugin, section));
    else
        config_set(a, root, section_name(plugin->kind), nowhere, section);
    printf("\nexample, with all defaults written out:\n\n");
    const char *text = config_to_yaml(a, root, false);
    while (*text != 0) {
        const int length = (int)strcspn(text, "\n");
        printf("    %.*s\n", length, text);
        text += length;
        if (*text == '\n') ++text;
    }
}

static void print_plugin(arena *a, const host_plugin *plugin)
{
    const slope_plugin *about = plugin->description[FLOAT32];
    printf("%s %s %s: %s\n\n%s\n", kind_name(plugin->kind), plugin->id, about->version,
           about->summary, about->description);
    print_parameters(a, about);
    print_example(a, plugin);
    printf("\nprecision: float32%s\nfile: %s\n",
           plugin->description[FLOAT64] != NULL ? ", float64" : " only", plugin->path);
}

/* ---- finding it ------------------------------------------------------------------------------ */

/* What is looked for, and the first refused file that may be it. */
typedef struct search {
    arena *memory;
    const char *name;
    bool refused;
    failure why;
} search;

static void note_refusal(void *argument, const char *path, const failure *why)
{
    search *s = argument;
    if (s->refused || strcmp(path_stem(s->memory, path), s->name) != 0) return;
    s->refused = true;
    s->why = *why;
}

static exit_status not_there(arena *a, const char *name, const host_plugin *const *plugins,
                             size_t count)
{
    const char **names = arena_alloc(a, count * sizeof *names);
    for (size_t i = 0; i < count; ++i) names[i] = plugins[i]->id;
    const char *nearest = text_nearest(name, names, count);
    failure why;
    if (nearest != NULL)
        failure_set(&why, STATUS_CONFIG, "there is no plugin '%s'; did you mean '%s'?", name,
                    nearest);
    else
        failure_set(&why, STATUS_CONFIG,
                    "there is no plugin '%s'; `slope plugins` lists what there is", name);
    return cli_fail(&why);
}

/* Looks among all kinds, or in the one that stands before the slash. */
static exit_status describe(arena *a, registry *all, const char *argument)
{
    const char *slash = strchr(argument, '/');
    const char *name = slash != NULL ? slash + 1 : argument;
    const int length = slash != NULL ? (int)(slash - argument) : 0;
    const slope_kind wanted = kind_from_name(arena_strndup(a, argument, (size_t)length));
    if (slash != NULL && wanted == 0)
        return cli_usage("describe", "'%.*s' is no kind of plugin", length, argument);
    search s = {.memory = a, .name = name};
    const host_plugin *const *plugins;
    const size_t count = registry_load_all(all, &plugins, note_refusal, &s);
    if (s.refused) return cli_fail(&s.why);
    const host_plugin *found = NULL;
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(plugins[i]->id, name) != 0) continue;
        if (wanted != 0 && plugins[i]->kind != wanted) continue;
        if (found != NULL) {
            const char *one = kind_name(found->kind), *other = kind_name(plugins[i]->kind);
            return cli_usage("describe", "'%s' is a %s and a %s: write %s/%s or %s/%s", name, one,
                             other, one, name, other, name);
        }
        found = plugins[i];
    }
    if (found == NULL) return not_there(a, name, plugins, count);
    print_plugin(a, found);
    return STATUS_OK;
}

exit_status command_describe(int argc, char **argv)
{
    const char *name = NULL;
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help();
            return STATUS_OK;
        }
        if (argv[i][0] == '-') return cli_usage("describe", "there is no option '%s'", argv[i]);
        if (name != NULL) return cli_usage("describe", "'%s' is one name too many", argv[i]);
        name = argv[i];
    }
    if (name == NULL) return cli_usage("describe", "which plugin?");
    arena *memory = arena_create();
    failure why;
    registry *all = registry_create(memory, &why);
    const exit_status status = all == NULL ? cli_fail(&why) : describe(memory, all, name);
    arena_destroy(memory);
    return status;
}
