/* slope/plugin.h: what every plugin and the runner agree on.
 *
 * A plugin is one shared object that exports one constant, `slope_plugin_entry`. The entry leads to
 * a description of the plugin: identity, parameters, and the functions of its kind (see the header
 * of the kind: optimizer.h, loss.h, model.h, reader.h, schedule.h, sampler.h, pruner.h). Everything
 * in it is constant data, so the runner can list, validate and document a plugin without running a
 * line of it.
 *
 * This header is not an API to call: the services a plugin may call are in host.h, and the numeric
 * ones in kernels.h. It depends on nothing but the C library.
 *
 * Ownership, once for all kinds: every pointer handed to a plugin belongs to the host and is valid
 * until the call returns, unless its comment says otherwise. A plugin keeps nothing between calls
 * (state lives in slots, see optimizer.h), frees nothing that it was given and returns nothing that
 * somebody else must free.
 *
 * Threads, once for all kinds: descriptions are const. Any function may run at the same time as any
 * other, with another call structure. A plugin never starts threads; it may use host->parallel_for.
 *
 * A plugin never prints, exits, calls setlocale or changes the floating-point environment.
 */
#ifndef SLOPE_PLUGIN_H
#define SLOPE_PLUGIN_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `real` is the precision of a run. A plugin is written once in terms of `real`; slope_add_plugin()
 * compiles it for both (SLOPE_REAL_BITS 32 and 64), and each for several instruction sets (see
 * slope_wide below), into one shared object. Compiled by hand it is float32. The runner never looks
 * inside such data itself and sees `real` as void (SLOPE_REAL_BITS 0); hence structures of the
 * contract hold pointers to real only, and scalars are double. */
#ifndef SLOPE_REAL_BITS
#define SLOPE_REAL_BITS 32
#endif
#if SLOPE_REAL_BITS == 64
typedef double real;
#elif SLOPE_REAL_BITS == 32
typedef float real;
#elif SLOPE_REAL_BITS == 0
typedef void real;
#else
#error "SLOPE_REAL_BITS must be 32 or 64"
#endif

/* Version of the contract. The same major is required on both sides. Minor may differ either way:
 * structures grow only at their end, and each carries its size as its compiler saw it. */
#define SLOPE_MAGIC 0x45504C53u /* "SLPE" in memory on a little-endian machine */
#define SLOPE_MAJOR 2u
#define SLOPE_MINOR 3u

typedef struct slope_host slope_host; /* host.h */

/* Result of an operation that can fail. The text of an error goes through host->fail(). */
typedef enum slope_status {
    SLOPE_OK = 0,
    SLOPE_ERROR = 1, /* host->fail() was called and holds the reason */
} slope_status;

typedef enum slope_kind {
    SLOPE_KIND_READER = 1,
    SLOPE_KIND_MODEL = 2,
    SLOPE_KIND_LOSS = 3,
    SLOPE_KIND_OPTIMIZER = 4,
    SLOPE_KIND_SCHEDULE = 5,
    SLOPE_KIND_SAMPLER = 6,
    SLOPE_KIND_PRUNER = 7,
} slope_kind;

/* ---- Parameters ------------------------------------------------------------------------------ */

/* Type of a parameter, and in brackets the type of its field in the plugin's own config struct.
 * Strings and list elements live as long as the config struct does and belong to the host. */
typedef enum slope_type {
    SLOPE_BOOL = 1,    /* bool */
    SLOPE_INTEGER = 2, /* int64_t */
    SLOPE_NUMBER = 3,  /* double; integers in YAML are accepted */
    SLOPE_CHOICE = 4,  /* int64_t: index into `choices` */
    SLOPE_STRING = 5,  /* const char *; NULL where optional and absent */
    SLOPE_PATH = 6,    /* const char *: a file; relative paths are taken from the YAML file's folder
                          and stored absolute; must be readable when the experiment is validated */
    SLOPE_INTEGERS = 7, /* slope_integers; a single integer in YAML is a list of one */
    SLOPE_PATHS = 8,    /* slope_strings: several files, rules as for SLOPE_PATH */
    SLOPE_STRINGS = 9,  /* slope_strings: a list of texts; a single text is a list of one */
    SLOPE_TEXTS = 10,   /* slope_texts: a mapping from names to texts */
    SLOPE_ARRAYS = 11,  /* slope_arrays: a mapping from names to numbers with a shape: -2, [1, 2],
                           [[1, 2], [3, 4]], or {shape: [3, 2], initial: 0} where initial is one
                           number for all, a list of that shape, or `random` */
    /* A parameter of the last three types has no default: it is REQUIRED or OPTIONAL. */
} slope_type;

typedef struct slope_integers {
    size_t count;
    const int64_t *values;
} slope_integers;

typedef struct slope_strings {
    size_t count;
    const char *const *values;
} slope_strings;

/* Names in mappings are identifiers: a letter or _, then letters, digits and _; at most 63. In the
 * order of the file. */
typedef struct slope_text {
    const char *name;
    const char *text;
} slope_text;

typedef struct slope_texts {
    size_t count;
    const slope_text *items;
} slope_texts;

#define SLOPE_MAX_RANK 4

typedef struct slope_array {
    const char *name;
    uint32_t rank; /* 0 for a single number, at most SLOPE_MAX_RANK */
    size_t extents[SLOPE_MAX_RANK];
    size_t count;         /* product of the extents, at least 1 */
    const double *values; /* row-major; NULL for `random`: the host draws them */
} slope_array;

typedef struct slope_arrays {
    size_t count;
    const slope_array *items;
} slope_arrays;

/* Flags of a parameter. */
enum {
    SLOPE_MIN_OPEN = 1u << 0, /* `min` itself is out of range */
    SLOPE_MAX_OPEN = 1u << 1, /* `max` itself is out of range */
    SLOPE_LOG = 1u << 2,      /* vary on a logarithmic scale (samplers, pictures) */
    SLOPE_REQUIRED = 1u << 3, /* no default: must be given */
    SLOPE_OPTIONAL = 1u << 4, /* may be absent or `null`: NAN for numbers, SLOPE_ABSENT for
                                 integers, NULL for strings and paths, count 0 for lists */
};
#define SLOPE_ABSENT INT64_MIN

/* One parameter. The table is the only source of validation, help, defaults in the recorded
 * configuration, and of the space that a sampler may draw from. */
typedef struct slope_parameter {
    const char *key; /* name in YAML; a dot descends into a mapping ("train.images") */
    slope_type type;
    uint32_t flags;
    size_t offset;        /* of the field in the config struct */
    const char *fallback; /* default, as YAML text; NULL if and only if REQUIRED or OPTIONAL */
    double min, max;      /* bounds of numbers, integers and list elements; ±INFINITY for none */
    const char *const *choices; /* SLOPE_CHOICE: names, ended by NULL; otherwise NULL */
    const char *doc;            /* one line; lower case, no full stop */
    const char *example;        /* YAML text for `slope describe`, where a parameter without default
                                   needs a value that its type alone does not tell; or NULL */
} slope_parameter;

/* Shorthands for parameter tables:
 *     SLOPE_PARAM_NUMBER(config, beta1, "0.9", SLOPE_IN_0_1, "decay of the first moment"),
 * A range macro fills .min, .max and .flags. */
#define SLOPE_ANY                .min = -INFINITY, .max = INFINITY, .flags = 0
#define SLOPE_POSITIVE           .min = 0.0, .max = INFINITY, .flags = SLOPE_MIN_OPEN | SLOPE_LOG
#define SLOPE_NOT_NEGATIVE       .min = 0.0, .max = INFINITY, .flags = 0
#define SLOPE_AT_LEAST(low)      .min = (low), .max = INFINITY, .flags = 0
#define SLOPE_IN_0_1             .min = 0.0, .max = 1.0, .flags = SLOPE_MAX_OPEN /* 0 <= value < 1 */
#define SLOPE_BETWEEN(low, high) .min = (low), .max = (high), .flags = 0

/* (Each is written out whole: a range holds commas and would fall apart in a nested macro call.) */
#define SLOPE_PARAM_NUMBER(struct_, field, fallback_, range, doc_) \
    { \
        .key = #field, .type = SLOPE_NUMBER, .offset = offsetof(struct_, field), \
        .fallback = (fallback_), .choices = NULL, .doc = (doc_), range \
    }
#define SLOPE_PARAM_INTEGER(struct_, field, fallback_, range, doc_) \
    { \
        .key = #field, .type = SLOPE_INTEGER, .offset = offsetof(struct_, field), \
        .fallback = (fallback_), .choices = NULL, .doc = (doc_), range \
    }
#define SLOPE_PARAM_BOOL(struct_, field, fallback_, doc_) \
    { \
        .key = #field, .type = SLOPE_BOOL, .offset = offsetof(struct_, field), \
        .fallback = (fallback_), .choices = NULL, .doc = (doc_), SLOPE_ANY \
    }
#define SLOPE_PARAM_STRING(struct_, field, fallback_, doc_) \
    { \
        .key = #field, .type = SLOPE_STRING, .offset = offsetof(struct_, field), \
        .fallback = (fallback_), .choices = NULL, .doc = (doc_), SLOPE_ANY \
    }
#define SLOPE_PARAM_CHOICE(struct_, field, fallback_, names, doc_) \
    { \
        .key = #field, .type = SLOPE_CHOICE, .offset = offsetof(struct_, field), \
        .fallback = (fallback_), .choices = (names), .doc = (doc_), SLOPE_ANY \
    }

/* ---- Description ----------------------------------------------------------------------------- */

/* The common head of every description; the first member of slope_optimizer, slope_loss and so on.
 */
typedef struct slope_plugin {
    uint32_t size; /* sizeof the whole description, slope_optimizer say */
    slope_kind kind;
    const char *id;          /* name in YAML and stem of the file name: lower case, _ and digits */
    const char *version;     /* of the plugin, "1.0" */
    const char *summary;     /* one line for `slope plugins`; lower case, no full stop */
    const char *description; /* for `slope describe`: formula, source; may hold line breaks */
    const slope_parameter *parameters; /* NULL if there are none */
    uint32_t parameter_count;
    uint32_t parameter_size; /* sizeof(slope_parameter) as the plugin's compiler saw it */
    size_t config_size;      /* bytes of the config struct; 0 if there are no parameters */

    /* Rules between parameters. Optional (NULL). Called once after every single value has been
     * found valid. On a violation: return host->fail_key(host, "key", "must ...") so that the
     * message can point at the line. Thread: any. */
    slope_status (*check)(const slope_host *host, const void *config);

    /* Optional fast paths by name and revision, such as "slope.model.many/1". Returns NULL
     * for what it does not know. Optional (NULL). The plain path always exists. Thread: any. */
    const void *(*extension)(const char *name);
} slope_plugin;

/* Parameter table and config struct of a description, in one line. */
#define SLOPE_PARAMETERS(table, config_struct) \
    .parameters = (table), .parameter_count = sizeof(table) / sizeof((table)[0]), \
    .parameter_size = sizeof(slope_parameter), .config_size = sizeof(config_struct)

/* The same plugin compiled for the wider vectors of a newer processor, by `slope compile` or
 * slope_add_plugin(). The bits of its results are those of the plain one, since nothing is
 * contracted or reordered. */
typedef struct slope_wide {
    const char *isa; /* "avx2", "avx512": instruction sets of `slope --version --verbose` (its
                        vnni and amx are avx512 to a plugin) */
    const slope_plugin *float32, *float64;
} slope_wide;

/* The exported symbol. The loader reads magic, then major, then size from the file itself, before
 * the object is loaded and any of its code can run. */
typedef struct slope_entry {
    uint32_t magic;              /* SLOPE_MAGIC */
    uint32_t major, minor;       /* of the contract it was compiled against */
    uint32_t size;               /* sizeof(slope_entry) as the plugin's compiler saw it */
    const slope_plugin *float32; /* description compiled with real = float */
    const slope_plugin *float64; /* the same with real = double; NULL if compiled by hand */
    const slope_wide *wide;      /* NULL if compiled by hand */
    uint32_t wide_count;
    uint32_t wide_size; /* sizeof(slope_wide) as the plugin's compiler saw it */
} slope_entry;

#define SLOPE_ENTRY_SYMBOL "slope_plugin_entry"

/* Opens the description of a plugin and exports it:
 *
 *     SLOPE_PLUGIN(slope_optimizer) = {
 *         .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "sgd", ...},
 *         .update = update,
 *     };
 *
 * The other halves of a plugin (float64, wider vectors) are object files that export nothing; the
 * float32 half refers to them by hidden symbols where `slope compile` or slope_add_plugin() has
 * built them. */
#define SLOPE_HEAD(struct_, kind_) .size = sizeof(struct_), .kind = (kind_)

#define SLOPE_HIDDEN_      __attribute__((visibility("hidden")))
#define SLOPE_GLUE_(a, b)  SLOPE_GLUE2_(a, b)
#define SLOPE_GLUE2_(a, b) a##b

#if SLOPE_REAL_BITS == 64
#define SLOPE_HALF_ slope_plugin_float64
#else
#define SLOPE_HALF_ slope_plugin_float32
#endif

#if defined(SLOPE_VARIANT) /* _avx2, _avx512: a half for wider vectors */
#define SLOPE_PLUGIN(struct_) \
    extern SLOPE_HIDDEN_ const struct_ SLOPE_GLUE_(SLOPE_HALF_, SLOPE_VARIANT); \
    const struct_ SLOPE_GLUE_(SLOPE_HALF_, SLOPE_VARIANT)
#elif SLOPE_REAL_BITS == 64
#define SLOPE_PLUGIN(struct_) \
    extern SLOPE_HIDDEN_ const struct_ SLOPE_HALF_; \
    const struct_ SLOPE_HALF_
#elif SLOPE_REAL_BITS == 32
#if defined(SLOPE_WIDE_HALVES)
#define SLOPE_WIDE_(struct_) \
    extern SLOPE_HIDDEN_ const struct_ slope_plugin_float32_avx2, slope_plugin_float64_avx2, \
        slope_plugin_float32_avx512, slope_plugin_float64_avx512; \
    static const slope_wide slope_wide_halves[] = { \
        {"avx2", &slope_plugin_float32_avx2.plugin, &slope_plugin_float64_avx2.plugin}, \
        {"avx512", &slope_plugin_float32_avx512.plugin, &slope_plugin_float64_avx512.plugin}};
#define SLOPE_WIDE_FIELDS_ slope_wide_halves, 2, sizeof(slope_wide)
#else
#define SLOPE_WIDE_(struct_)
#define SLOPE_WIDE_FIELDS_ NULL, 0, sizeof(slope_wide)
#endif
#if defined(SLOPE_BOTH_PRECISIONS)
#define SLOPE_FLOAT64_HALF_ &slope_plugin_float64.plugin
#else
#define SLOPE_FLOAT64_HALF_ NULL
#endif
#define SLOPE_PLUGIN(struct_) \
    extern SLOPE_HIDDEN_ const struct_ slope_plugin_float32, slope_plugin_float64; \
    SLOPE_WIDE_(struct_) \
    extern __attribute__((visibility("default"))) const slope_entry slope_plugin_entry; \
    const slope_entry slope_plugin_entry = {SLOPE_MAGIC, \
                                            SLOPE_MAJOR, \
                                            SLOPE_MINOR, \
                                            sizeof(slope_entry), \
                                            &slope_plugin_float32.plugin, \
                                            SLOPE_FLOAT64_HALF_, \
                                            SLOPE_WIDE_FIELDS_}; \
    const struct_ slope_plugin_float32
#endif

#endif
