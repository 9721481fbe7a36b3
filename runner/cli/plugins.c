/* cli/plugins.c: `slope plugins`: what there is, and what was refused and why. */
#include "cli/cli.h"

#include "base/text.h"
#include "cli/plugins_markdown.h"
#include "host/registry.h"
#include "record/table.h"

#include <stdio.h>
#include <string.h>

static void print_help(void)
{
    puts("usage: slope plugins [KIND] [--markdown]\n"
         "\n"
         "Lists every plugin with its version, precisions and file. KIND is reader, model, loss,\n"
         "optimizer, schedule, sampler or pruner; without it all are listed.\n"
         "\n"
         "Plugins are looked for beside the program (../lib/slope/plugins), then in the folders\n"
         "of SLOPE_PLUGIN_PATH. Those that cannot be loaded are named on standard error with the\n"
         "reason, and the exit status is 3.\n"
         "\n"
         "  --markdown  a table of formulas, sources and defaults, for a text\n"
         "\n"
         "example:\n"
         "  slope plugins optimizer");
}

/* "optimizer" or "optimizers"; 0 for anything else. */
static slope_kind kind_from_argument(const char *name)
{
    for (int kind = SLOPE_KIND_READER; kind <= KIND_LAST; ++kind)
        if (strcmp(name, kind_folder((slope_kind)kind)) == 0) return (slope_kind)kind;
    return kind_from_name(name);
}

static exit_status unknown_kind(const char *name)
{
    const char *names[KIND_LAST];
    for (int kind = SLOPE_KIND_READER; kind <= KIND_LAST; ++kind)
        names[kind - 1] = kind_name((slope_kind)kind);
    const char *nearest = text_nearest(name, names, KIND_LAST);
    return nearest != NULL
               ? cli_usage("plugins", "there is no kind '%s'; did you mean '%s'?", name, nearest)
               : cli_usage("plugins", "there is no kind '%s'", name);
}

static void print_refusal(void *argument, const char *path, const failure *why)
{
    size_t *count = argument;
    (void)path; /* the reason names it */
    ++*count;
    fprintf(stderr, "slope: %s\n", why->text);
}

static void print_plugins(const host_plugin *const *plugins, size_t count, slope_kind kind)
{
    table *t = table_create();
    const char *const titles[] = {"kind", "name", "version", "precision", "summary", "file"};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; ++i)
        table_column(t, titles[i], ALIGN_LEFT);
    for (size_t i = 0; i < count; ++i) {
        const slope_plugin *about = plugins[i]->description[FLOAT32];
        if (kind != 0 && plugins[i]->kind != kind) continue;
        table_cell(t, "%s", kind_name(plugins[i]->kind));
        table_cell(t, "%s", plugins[i]->id);
        table_cell(t, "%s", about->version);
        table_cell(t, "float32%s", plugins[i]->description[FLOAT64] != NULL ? " float64" : "");
        table_cell(t, "%s", about->summary);
        table_cell(t, "%s", plugins[i]->path);
    }
    table_print(t, stdout);
    table_destroy(t);
}

exit_status command_plugins(int argc, char **argv)
{
    slope_kind kind = (slope_kind)0;
    bool markdown = false;
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help();
            return STATUS_OK;
        }
        if (strcmp(argv[i], "--markdown") == 0) {
            markdown = true;
            continue;
        }
        if (argv[i][0] == '-') return cli_usage("plugins", "there is no option '%s'", argv[i]);
        if (kind != 0) return cli_usage("plugins", "'%s' is one kind too many", argv[i]);
        kind = kind_from_argument(argv[i]);
        if (kind == 0) return unknown_kind(argv[i]);
    }
    arena *memory = arena_create();
    failure why;
    size_t refused = 0;
    exit_status status = STATUS_OK;
    registry *all = registry_create(memory, &why);
    if (all == NULL) {
        status = cli_fail(&why);
    } else {
        const host_plugin *const *plugins;
        const size_t count = registry_load_all(all, &plugins, print_refusal, &refused);
        if (markdown)
            print_plugins_markdown(plugins, count, kind);
        else
            print_plugins(plugins, count, kind);
        if (refused > 0) status = STATUS_ENVIRONMENT;
    }
    arena_destroy(memory);
    return status;
}
