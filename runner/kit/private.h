/* kit/private.h: what the checks share: the subject, guarded buffers, and how a check ends.
 *
 * A check is a function that runs in a child process. It returns if all is well, and calls
 * kit_fail() or kit_skip(), which end the child, if not. So nothing is freed and nothing unwound.
 */
#ifndef SLOPE_KIT_PRIVATE_H
#define SLOPE_KIT_PRIVATE_H

#include "host/description.h"
#include "host/registry.h"
#include "host/services.h"
#include "kit/kit.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* One half of a plugin under test. */
typedef struct subject {
    arena *memory;
    const char *path;
    const slope_entry *entry;
    const slope_plugin
        *halves[2];            /* as the runner uses them on this processor; [FLOAT64] or NULL */
    precision p;               /* the half that is tested now */
    uint64_t seed;             /* of what exercises draw; 0 unless several are to differ */
    const slope_plugin *about; /* halves[p], or another of the same description */
    size_t override_count;
    const char *const *overrides;
} subject;

/* Whether a check makes sense for a plugin that never gives the same twice. */
typedef enum check_place {
    STANDS_ALONE, /* yes */
    DECIDES,      /* this is the one that finds out */
    COMPARES,     /* no: it holds two runs against each other */
} check_place;

typedef struct kit_check {
    const char *name;
    void (*run)(subject *s);
    check_place place;
} kit_check;

/* The checks of each kind, ended by a name of NULL. */
extern const kit_check plugin_checks[], reader_checks[], model_checks[], loss_checks[],
    optimizer_checks[], schedule_checks[], sampler_checks[], pruner_checks[];

/* End the check, and with it the process. The reason gets the situation in front. */
_Noreturn void kit_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void kit_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
double kit_clock(void); /* seconds; it only goes forward */
/* Figures to be shown beside "ok"; several calls add up. */
void kit_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What is being tried, for messages: "float32, beta1=0.675". Copied. */
void kit_situation(const char *text);

/* ---- configurations (configs.c) -------------------------------------------------------------- */

/* Calls `test` for each half and, unless only the defaults are wanted, for each variant of the
 * configuration that the plugin accepts: the defaults with the overrides, all other parameters
 * changed at once, and each changed alone. (Of readers only the first: the others would not fit
 * the data. Of readers, samplers and pruners only the float32 half: the runner uses no other.) */
void with_defaults(subject *s, void (*test)(const subject *s, const void *config));
void with_every_config(subject *s, void (*test)(const subject *s, const void *config));

/* The configuration of nothing but defaults, examples and overrides. NULL with the reason. */
const void *usual_config(const subject *s, failure *why);

/* The other half with the same config, for comparing precisions: false if s is not the float32 one
 * or there is none. */
bool other_precision(const subject *s, subject *other);

/* ---- numbers that look random and are the same everywhere (material.c) ----------------------- */

typedef struct random_numbers {
    uint64_t state;
} random_numbers;

double draw(random_numbers *from); /* uniform in [-1, 1) */

/* ---- buffers of `real` with guard zones ------------------------------------------------------ */

enum { GUARD = 256 };

typedef struct buffer {
    unsigned char *guarded; /* GUARD bytes, the numbers, GUARD bytes */
    void *data;
    size_t count, size; /* numbers, and bytes of one */
} buffer;

buffer buffer_make(const subject *s, size_t count);    /* zeros of the subject's precision */
buffer buffer_of(arena *a, size_t count, size_t size); /* zeros of any size */
buffer buffer_copy(const subject *s, const buffer *b);
double get(const buffer *b, size_t i);
void put(const buffer *b, size_t i, double value);
void *from_element(const buffer *b, size_t i);
bool same_bits(const buffer *one, const buffer *other);
bool guards_whole(const buffer *b);
bool close_to(double one, double other, double tolerance);

/* ---- traces: everything that a plugin gives in a fixed exercise ------------------------------ */

typedef struct trace {
    arena *memory;
    unsigned char *bytes;
    size_t count, capacity;
} trace;

void trace_bytes(trace *t, const void *bytes, size_t count);
void trace_buffer(trace *t, const buffer *b);
bool trace_same(const trace *one, const trace *other);

/* An exercise of the kind that calls every operation of the plugin. NULL config is not allowed. */
void exercise_reader(const subject *s, const void *config, trace *out);
void exercise_model(const subject *s, const void *config, trace *out);
void exercise_loss(const subject *s, const void *config, trace *out);
void exercise_optimizer(const subject *s, const void *config, trace *out);
void exercise_schedule(const subject *s, const void *config, trace *out);
void exercise_sampler(const subject *s, const void *config, trace *out);
void exercise_pruner(const subject *s, const void *config, trace *out);
void exercise(const subject *s, const void *config, trace *out); /* by the kind of s->about */

#endif
