/* cli/new.c: `slope new`: a plugin to begin with, from the templates beside the program. */
#include "cli/cli.h"

#include "base/files.h"
#include "base/text.h"
#include "host/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: slope new KIND NAME\n"
    "\n"
    "Writes NAME.c into the current folder: a commented plugin that compiles, passes `slope test`\n"
    "and works as it stands, to be changed. Prints the commands that compile, test and use it.\n"
    "KIND is reader, model, loss, optimizer, schedule, sampler or pruner. NAME is the name in\n"
    "YAML files: lower-case letters, digits and _, beginning with a letter. No file is ever\n"
    "overwritten.\n"
    "\n"
    "example:\n"
    "  slope new optimizer mine\n";

/* What stands for a plugin of each kind in an experiment that ships, and what its test needs. */
static const struct {
    const char *use, *test, *note;
} kinds[] = {
    [SLOPE_KIND_READER] = {"dataset=%s dataset.file=data.txt", " file=data.txt",
                           "(data.txt holds a row of numbers in each line, the class last)\n"},
    [SLOPE_KIND_MODEL] = {"model=%s", "", ""},
    [SLOPE_KIND_LOSS] = {"loss=%s", "", ""},
    [SLOPE_KIND_OPTIMIZER] = {"optimizer=%s", "", ""},
    [SLOPE_KIND_SCHEDULE] = {"schedule=%s", "", ""},
    [SLOPE_KIND_SAMPLER] = {"--sweep optimizer.learning_rate=0.01,0.1,1 sweep.sampler=%s "
                            "sweep.trials=3",
                            "", ""},
    [SLOPE_KIND_PRUNER] = {"--sweep optimizer.learning_rate=0.01,0.1,1 sweep.pruner=%s", "", ""},
};

static exit_status unknown_kind(const char *name)
{
    const char *names[KIND_LAST];
    for (int kind = SLOPE_KIND_READER; kind <= KIND_LAST; ++kind)
        names[kind - 1] = kind_name((slope_kind)kind);
    const char *nearest = text_nearest(name, names, KIND_LAST);
    if (nearest != NULL)
        return cli_usage("new", "there is no kind '%s'; did you mean '%s'?", name, nearest);
    return cli_usage("new",
                     "there is no kind '%s'; there are reader, model, loss, optimizer, schedule, "
                     "sampler and pruner",
                     name);
}

static bool name_is_good(const char *name)
{
    enum { LONGEST = 63 };
    const size_t length = strlen(name);
    return name[0] >= 'a' && name[0] <= 'z' && length <= LONGEST &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

/* A second plugin of one name would be refused when it is loaded. */
static bool name_is_free(arena *a, slope_kind kind, const char *name, failure *why)
{
    registry *all = registry_create(a, why);
    if (all == NULL) return false;
    const host_plugin *there = registry_find(all, kind, name, why);
    if (there == NULL) return true;
    return failure_set(why, STATUS_CONFIG, "there is %s %s '%s' already, '%s': choose another name",
                       kind == SLOPE_KIND_OPTIMIZER ? "an" : "a", kind_name(kind), name,
                       there->path);
}

/* The template of the kind with the name put in. */
static const char *fill_in(arena *a, slope_kind kind, const char *name, failure *why)
{
    static const char mark[] = "@NAME@";
    unsigned char *bytes;
    size_t count;
    const char *file = arena_printf(a, "../share/slope/templates/%s.c.in", kind_name(kind));
    if (!file_read(path_join(a, path_of_program(a), file), &bytes, &count, why)) return NULL;
    const char *text = arena_strndup(a, (const char *)bytes, count);
    free(bytes);
    for (const char *at; (at = strstr(text, mark)) != NULL;)
        text = arena_printf(a, "%.*s%s%s", (int)(at - text), text, name, at + sizeof mark - 1);
    return text;
}

static bool write_new(const char *path, const char *text, failure *why)
{
    const size_t length = strlen(text);
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno == EEXIST)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "'%s' is there already: remove it, or choose another name", path);
    bool good = file >= 0;
    for (size_t done = 0; good && done < length;) {
        const ssize_t n = write(file, text + done, length - done);
        good = n > 0 || (n < 0 && errno == EINTR);
        if (n > 0) done += (size_t)n;
    }
    const int reason = errno;
    const bool closed = file < 0 || close(file) == 0;
    if (good && closed) return true;
    if (file >= 0) unlink(path);
    return failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", path,
                       strerror(good ? errno : reason));
}

static const char *example_config(arena *a)
{
    char *resolved =
        realpath(path_join(a, path_of_program(a), "../share/slope/configs/iris.yaml"), NULL);
    const char *path = resolved != NULL ? arena_strdup(a, resolved) : "experiment.yaml";
    free(resolved);
    return path;
}

static void print_next(arena *a, slope_kind kind, const char *name)
{
    printf("wrote %s.c\n\n", name);
    printf("compile  slope compile %s.c\n", name);
    printf("test     slope test %s.so%s\n", name, kinds[kind].test);
    printf("use      SLOPE_PLUGIN_PATH=. slope run %s ", example_config(a));
    for (const char *c = kinds[kind].use; *c != '\0'; ++c) {
        if (c[0] == '%')
            fputs(name, stdout);
        else if (c == kinds[kind].use || c[-1] != '%')
            putchar(*c);
    }
    printf("\n%s", kinds[kind].note);
}

exit_status command_new(int argc, char **argv)
{
    failure why;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (argc > 1 && argv[1][0] == '-') return cli_usage("new", "there is no option '%s'", argv[1]);
    if (argc != 3) return cli_usage("new", "expected a kind and a name");
    const slope_kind kind = kind_from_name(argv[1]);
    const char *name = argv[2];
    if (kind == 0) return unknown_kind(argv[1]);
    if (!name_is_good(name))
        return cli_usage("new", "'%s' is no name: lower-case letters, digits and _, at most 63",
                         name);
    arena *a = arena_create();
    const char *text = name_is_free(a, kind, name, &why) ? fill_in(a, kind, name, &why) : NULL;
    const bool good = text != NULL && write_new(arena_printf(a, "%s.c", name), text, &why);
    const exit_status status = good ? STATUS_OK : cli_fail(&why);
    if (good) print_next(a, kind, name);
    arena_destroy(a);
    return status;
}
