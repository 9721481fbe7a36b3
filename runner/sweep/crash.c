/* sweep/crash.c: see crash.h. The handler calls nothing that a handler may not call: it writes with
 * write() from what was laid out before. Which plugin it was is read off the stack: the first word
 * that points into the code of one. That is a guess only where a stale return address of another
 * plugin lies above the true one. */
#include "sweep/crash.h"

#include "base/files.h"

#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

enum { ID = 16, MOST_OBJECTS = 512, STACK_WORDS = 2048, NAME = 64, OWN_STACK = 1 << 16 };

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static const char *const signal_names[] = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT"};
enum { SIGNALS = sizeof signals / sizeof *signals };

/* The code of a loaded plugin: plugins/optimizers/bad.so is "optimizers/bad". */
static struct object {
    uintptr_t first, last;
    char name[NAME];
} objects[MOST_OBJECTS];
static size_t object_count;

typedef struct work {
    const char *ids;
    size_t count;
} work;

static char note_path[4096];
static struct sigaction before[SIGNALS];
static atomic_bool watching, noted, written;
static _Thread_local work mine;
static _Thread_local char *own_stack; /* a crash may be that of the stack */
static work everybodys;

/* ---- the handler ----------------------------------------------------------------------------- */

static void put(int file, const char *text, size_t length)
{
    while (length) {
        const ssize_t count = write(file, text, length);
        if (count <= 0) return;
        text += count;
        length -= (size_t)count;
    }
}

static const char *name_at(uintptr_t address)
{
    for (size_t i = 0; i < object_count; i++)
        if (address >= objects[i].first && address < objects[i].last) return objects[i].name;
    return NULL;
}

static const char *find_plugin(const ucontext_t *context)
{
#if defined(__x86_64__)
    const uintptr_t at = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    const uintptr_t stack = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    const uintptr_t at = context->uc_mcontext.pc, stack = context->uc_mcontext.sp;
#endif
    const char *name = name_at(at);
    const uintptr_t *word = (const uintptr_t *)(stack & ~(uintptr_t)7);
    for (size_t i = 0; !name && i < STACK_WORDS; i++) name = name_at(word[i]);
    return name;
}

static void write_note(const work *at, int number, const ucontext_t *context)
{
    const int file = open(note_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return;
    for (size_t s = 0; s < SIGNALS; s++)
        if (signals[s] == number) put(file, signal_names[s], strlen(signal_names[s]));
    put(file, "\n", 1);
    for (size_t i = 0; i < at->count; i++) {
        put(file, at->ids + i * ID, ID);
        put(file, "\n", 1);
    }
    const char *plugin = find_plugin(context); /* last: a broken stack may end the process here */
    if (plugin) {
        put(file, plugin, strlen(plugin));
        put(file, "\n", 1);
    }
    fsync(file);
    close(file);
}

/* Several threads may crash at once, in the same plugin: who comes second waits for the note, since
 * it would end the process under the hands of the first. */
static void note_once(const work *at, int number, const ucontext_t *context)
{
    enum { LONGEST = 1000 }; /* milliseconds */
    if (!atomic_exchange(&noted, true)) {
        write_note(at, number, context);
        atomic_store(&written, true);
    }
    for (int waited = 0; waited < LONGEST && !atomic_load(&written); ++waited) poll(NULL, 0, 1);
}

/* The handler that was there before has the last word (a sanitizer's, or the end of the process).
 */
static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)info;
    const work *at = mine.count ? &mine : &everybodys;
    if (atomic_load(&watching) && at->count) note_once(at, number, context);
    for (size_t s = 0; s < SIGNALS; s++)
        if (signals[s] == number) sigaction(number, &before[s], NULL);
    raise(number); /* taken when this handler returns */
}

/* ---- watching -------------------------------------------------------------------------------- */

/* Plugins are never unloaded, so what is found here stays true. */
static int remember_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size, (void)argument;
    const char *file = strrchr(info->dlpi_name, '/');
    const char *folder = file;
    if (!file || object_count == MOST_OBJECTS) return 0;
    while (folder > info->dlpi_name && folder[-1] != '/') folder--;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        struct object *o = &objects[object_count++];
        o->first = info->dlpi_addr + part->p_vaddr;
        o->last = o->first + part->p_memsz;
        snprintf(o->name, sizeof o->name, "%s", folder);
        break;
    }
    return 0;
}

/* Only objects that export what a plugin exports are plugins; libraries are not to be blamed. */
static bool is_plugin(const struct object *o)
{
    const char *dot = strrchr(o->name, '.');
    return dot && strcmp(dot, ".so") == 0 && strncmp(strchr(o->name, '/') + 1, "lib", 3) != 0;
}

void crash_watch(const char *path)
{
    const bool again = atomic_exchange(&watching, false);
    snprintf(note_path, sizeof note_path, "%s", path);
    object_count = 0;
    dl_iterate_phdr(remember_object, NULL);
    size_t kept = 0;
    for (size_t i = 0; i < object_count; i++)
        if (is_plugin(&objects[i])) objects[kept++] = objects[i];
    object_count = kept;
    atomic_store(&noted, false);
    atomic_store(&written, false);
    atomic_store(&watching, true);
    if (again) return;
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t s = 0; s < SIGNALS; s++) sigaction(signals[s], &action, &before[s]);
}

void crash_forget(void)
{
    if (!atomic_exchange(&watching, false)) return;
    for (size_t s = 0; s < SIGNALS; s++) sigaction(signals[s], &before[s], NULL);
}

/* A stack for the handler, which lives as long as the thread, and that is as long as the process. A
 * sanitizer may have given it one, and takes that away itself. */
static void give_stack(void)
{
    stack_t there;
    if (sigaltstack(NULL, &there) != 0 || !(there.ss_flags & SS_DISABLE)) return;
    own_stack = malloc(OWN_STACK);
    if (own_stack) sigaltstack(&(stack_t){.ss_sp = own_stack, .ss_size = OWN_STACK}, NULL);
}

void crash_under_way(const char *ids, size_t count, bool sole)
{
    if (ids && !own_stack) give_stack();
    mine = (work){ids, ids ? count : 0};
    if (sole) everybodys = mine;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* "optimizers/bad.so" as people say it: "optimizer 'bad'". */
static const char *said(arena *a, const char *name)
{
    const char *slash = strchr(name, '/');
    const size_t kind = slash ? (size_t)(slash - name) : 0;
    const char *stem = path_stem(a, name);
    if (kind < 2 || name[kind - 1] != 's') return arena_printf(a, "plugin '%s'", stem);
    const bool losses = kind == 6 && strncmp(name, "losses", 6) == 0;
    return arena_printf(a, "%.*s '%s'", (int)(losses ? 4 : kind - 1), name, stem);
}

void crash_look(arena *a, const char *path, crash_note *note)
{
    unsigned char *bytes;
    size_t length;
    failure why;
    *note = (crash_note){0};
    if (!file_exists(path) || !file_read(path, &bytes, &length, &why)) return;
    char *text = arena_strndup(a, (const char *)bytes, length), *rest = text;
    free(bytes);
    const char *name = strsep(&rest, "\n"), *plugin = NULL;
    const char **ids = arena_alloc(a, (length / ID + 1) * sizeof *ids);
    for (char *line; rest && (line = strsep(&rest, "\n")) != NULL;) {
        if (strchr(line, '/'))
            plugin = line;
        else if (strlen(line) == ID)
            ids[note->count++] = line;
    }
    note->ids = ids;
    note->description =
        plugin ? arena_printf(a, "the process crashed (%s) in %s", name, said(a, plugin))
               : arena_printf(a, "the process crashed (%s)", name);
}

void crash_read(arena *a, const char *path, crash_note *note)
{
    crash_look(a, path, note);
    if (note->count) unlink(path);
}
