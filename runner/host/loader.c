/* host/loader.c: see loader.h. */
#include "host/loader.h"

#include "host/description.h"
#include "host/object_file.h"
#include "kernels/kernels.h"

#include <dlfcn.h>
#include <fenv.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

/* ---- the floating-point environment ---------------------------------------------------------- */

/* An object linked with -ffast-math brings a constructor that makes the processor flush subnormal
 * numbers to zero, in the whole program. So what decides results is compared: the control registers
 * (not the sticky exception flags, which any computation sets), and what a product really gives. */
typedef struct float_control {
    fenv_t whole; /* to put back */
    int rounding;
    uint32_t registers[2];
    bool subnormals;
} float_control;

static bool keeps_subnormals(void)
{
    volatile float small32 = FLT_MIN;
    volatile double small64 = DBL_MIN;
    small32 *= 0.5f;
    small64 *= 0.5;
    /* A second product: with "denormals are zero" it is the input that vanishes. */
    volatile float back32 = small32 * 4.0f;
    volatile double back64 = small64 * 4.0;
    return back32 == 2.0f * FLT_MIN && back64 == 2.0 * DBL_MIN;
}

static void float_control_read(float_control *control)
{
    fegetenv(&control->whole);
    control->rounding = fegetround();
    control->registers[0] = control->registers[1] = 0;
#if defined(__x86_64__) || defined(__i386__)
    control->registers[0] = control->whole.__control_word;
#endif
#if defined(__x86_64__)
    control->registers[1] = control->whole.__mxcsr & ~0x3fu; /* low six bits: exception flags */
#elif defined(__aarch64__)
    control->registers[0] = (uint32_t)control->whole.__fpcr;
#endif
    control->subnormals = keeps_subnormals();
}

static bool float_control_same(const float_control *one, const float_control *other)
{
    return one->rounding == other->rounding && one->subnormals == other->subnormals &&
           memcmp(one->registers, other->registers, sizeof one->registers) == 0;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* Before any code of the plugin can run. */
static bool check_entry(const entry_head *head, failure *why)
{
    if (head->magic != SLOPE_MAGIC)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its '%s' begins with 0x%08x instead of 0x%08x: it is no slope plugin",
                           SLOPE_ENTRY_SYMBOL, head->magic, SLOPE_MAGIC);
    if (head->major != SLOPE_MAJOR)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "it was built for version %u.%u of the plugin contract, this slope has "
                           "%u.%u: rebuild it against this slope's headers",
                           head->major, head->minor, SLOPE_MAJOR, SLOPE_MINOR);
    const size_t least = SIZE_THROUGH(slope_entry, float64);
    if (head->size < least)
        return failure_set(why, STATUS_ENVIRONMENT,
                           "its '%s' says that it has %u bytes, one of contract %u has at least "
                           "%zu: rebuild it against this slope's headers",
                           SLOPE_ENTRY_SYMBOL, head->size, SLOPE_MAJOR, least);
    return true;
}

/* dlopen() between two looks at the floating-point environment, which it always puts back. */
static void *open_guarded(const char *path, failure *why)
{
    float_control before, after;
    float_control_read(&before);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    float_control_read(&after);
    const bool same = float_control_same(&before, &after);
    if (object != NULL && !same) dlclose(object); /* so that loading it again is refused again */
    if (!same) fesetenv(&before.whole);
    if (object == NULL) {
        const char *reason = dlerror();
        const size_t length = strlen(path);
        if (reason == NULL) reason = "the loader gives no reason";
        if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
            reason += length + 2; /* our own message names the file, too */
        failure_set(why, STATUS_ENVIRONMENT, "%s", reason);
        return NULL;
    }
    if (!same) {
        failure_set(why, STATUS_ENVIRONMENT, "%s",
                    after.subnormals
                        ? "loading it changes the floating-point environment of the whole program: "
                          "compile without -ffast-math, and leave rounding and traps as they are"
                        : "loading it makes the whole program flush subnormal numbers to zero: "
                          "compile without -ffast-math");
        return NULL;
    }
    return object;
}

/* The halves for the instruction set in use, where the plugin brings them. */
static bool choose_wide(const slope_entry *entry, const char *stem, slope_kind folder_kind,
                        const slope_plugin *descriptions[2], failure *why)
{
    for (uint32_t i = 0; i < entry->wide_count; i++) {
        const slope_wide *wide =
            (const slope_wide *)(const void *)((const char *)entry->wide + i * entry->wide_size);
        if (strcmp(wide->isa, kernels_vectors()) != 0) continue;
        const slope_plugin *halves[2] = {wide->float32, wide->float64};
        if (!descriptions_check(halves, stem, folder_kind, why))
            return failure_context(why, "compiled for %s", wide->isa);
        if ((halves[1] == NULL) != (descriptions[1] == NULL))
            return failure_set(why, STATUS_ENVIRONMENT,
                               "compiled for %s it has other precisions: rebuild it", wide->isa);
        descriptions[0] = halves[0];
        descriptions[1] = halves[1];
    }
    return true;
}

static bool load(const char *path, const char *stem, slope_kind folder_kind,
                 const slope_plugin *descriptions[2], failure *why)
{
    entry_head head;
    if (!object_file_entry(path, &head, why) || !check_entry(&head, why)) return false;
    void *object = open_guarded(path, why);
    if (object == NULL) return false;
    const slope_entry *entry = dlsym(object, SLOPE_ENTRY_SYMBOL);
    bool good;
    if (entry == NULL) {
        good = failure_set(why, STATUS_ENVIRONMENT, "the loader does not find '%s'",
                           SLOPE_ENTRY_SYMBOL);
    } else {
        descriptions[0] = entry->float32;
        descriptions[1] = entry->float64;
        good = descriptions_check(descriptions, stem, folder_kind, why) &&
               choose_wide(entry, stem, folder_kind, descriptions, why);
    }
    if (!good) dlclose(object);
    return good;
}

bool plugin_load(const char *path, const char *stem, slope_kind folder_kind,
                 const slope_plugin *descriptions[2], failure *why)
{
    descriptions[0] = descriptions[1] = NULL;
    if (load(path, stem, folder_kind, descriptions, why)) return true;
    descriptions[0] = descriptions[1] = NULL;
    why->status = STATUS_ENVIRONMENT;
    return failure_context(why, "cannot load plugin '%s'", path);
}
