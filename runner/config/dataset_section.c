/* config/dataset_section.c: the section `dataset`: a descriptor found by name, what the file puts
 * over it, the reader with its parameters, and the runner's own keys (preparation, splits,
 * checksums). */
#include "config/builder.h"

#include "base/text.h"
#include "config/bind_value.h"
#include "config/descriptors.h"
#include "config/load.h"

#include "slope/loss.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* The reader of files that name no data set, where the loss needs none. */
#define READER_WITHOUT_DATA "none"

typedef struct dataset_fields {
    const char *known_as, *how_to_get;
    const char *title, *description, *origin, *licence;
    bool in_place, subtract_mean, standardize;
    int64_t seed, limit, test_limit;
    double validation, test_fraction, scale;
} dataset_fields;

#define OPTIONAL_FIELD(field_, type_, min_, flags_, doc_) \
    { \
        .key = #field_, .type = (type_), .flags = SLOPE_OPTIONAL | (flags_), \
        .offset = offsetof(dataset_fields, field_), .min = (min_), .max = INFINITY, .doc = (doc_) \
    }

static const slope_parameter parameters[] = {
    OPTIONAL_FIELD(known_as, SLOPE_STRING, 0, 0, "how tables call the data set"),
    SLOPE_PARAM_BOOL(dataset_fields, in_place, "false",
                     "name is a reader's, whatever descriptors there are; recorded configurations "
                     "say so"),
    SLOPE_PARAM_INTEGER(dataset_fields, seed, "0", SLOPE_NOT_NEGATIVE,
                        "of splits and of data that are made up"),
    OPTIONAL_FIELD(limit, SLOPE_INTEGER, 1, 0, "training rows to keep, the first"),
    OPTIONAL_FIELD(test_limit, SLOPE_INTEGER, 1, 0, "test rows to keep, the first"),
    OPTIONAL_FIELD(validation, SLOPE_NUMBER, 0, SLOPE_MIN_OPEN,
                   "fraction (below 1) or number of training rows to hold out for validation"),
    OPTIONAL_FIELD(test_fraction, SLOPE_NUMBER, 0, SLOPE_MIN_OPEN,
                   "the same for testing, where the reader gives no test rows"),
    SLOPE_PARAM_NUMBER(dataset_fields, scale, "1", SLOPE_ANY, "multiplies every feature"),
    SLOPE_PARAM_BOOL(dataset_fields, subtract_mean, "false",
                     "subtract the training mean of each column"),
    SLOPE_PARAM_BOOL(dataset_fields, standardize, "false",
                     "subtract the training mean of each column, divide by its deviation"),
    OPTIONAL_FIELD(how_to_get, SLOPE_STRING, 0, 0, "said when a file is missing"),
    OPTIONAL_FIELD(title, SLOPE_STRING, 0, 0, "for people"),
    OPTIONAL_FIELD(description, SLOPE_STRING, 0, 0, "for people"),
    OPTIONAL_FIELD(origin, SLOPE_STRING, 0, 0, "for people"),
    OPTIONAL_FIELD(licence, SLOPE_STRING, 0, 0, "for people"),
};
static const bind_table table = RUNNER_TABLE(parameters, dataset_fields, "dataset");
static const char *const for_people[] = {"title", "description", "origin", "licence", NULL};

/* ---- descriptor ------------------------------------------------------------------------------ */

static bool is_in_place(const config_node *section)
{
    const config_node *flag = config_get(section, "in_place");
    bool in_place = false;
    return flag && flag->kind == CONFIG_SCALAR && text_to_bool(flag->text, &in_place) && in_place;
}

static const config_node *name_of(builder *b, const config_node *section, const char *expected)
{
    const config_node *name = config_get(section, "name");
    if (name && name->kind == CONFIG_SCALAR && !config_is_null(name)) return name;
    diagnostics_add_about(b->errors, ABOUT_ABSENCE, builder_place(section, "name"), "dataset.name",
                          "missing: give %s", expected);
    return NULL;
}

/* `section` without its name, over the descriptor of that name. NULL after an error. */
static const config_node *put_over_descriptor(builder *b, const config_node *section,
                                              const char *descriptor)
{
    const config_node *base = config_load_file(b->memory, descriptor, b->errors);
    if (!base || !name_of(b, base, "the name of a reader")) return NULL;
    config_node *over = config_new_mapping(b->memory, section->place);
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->entries[i].key, "name") != 0)
            config_set(b->memory, over, section->entries[i].key, section->entries[i].key_place,
                       section->entries[i].value);
    return config_merge(b->memory, base, over);
}

static const host_plugin *find_reader(builder *b, const config_node *name, bool may_be_descriptor)
{
    failure why;
    const host_plugin *reader = registry_find(b->plugins, SLOPE_KIND_READER, name->text, &why);
    if (reader) return reader;
    if (!may_be_descriptor || why.status != STATUS_CONFIG) {
        diagnostics_add(b->errors, why.status, name->place, "dataset.name", "%s", why.text);
        return NULL;
    }
    const char *nearest = descriptor_nearest(b->memory, b->config_path, name->text);
    diagnostics_add(
        b->errors, STATUS_CONFIG, name->place, "dataset",
        "there is neither a data set nor a reader '%s'%s%s%s a data set NAME is described "
        "by datasets/NAME.yaml",
        name->text, nearest ? "; did you mean '" : ";", nearest ? nearest : "",
        nearest ? "'?" : "");
    return NULL;
}

const host_plugin *reader_of_dataset(builder *b, const config_node *section)
{
    const config_node *name = config_get(section, "name");
    if (!name || name->kind != CONFIG_SCALAR) return NULL;
    const char *descriptor =
        is_in_place(section) ? NULL : descriptor_find(b->memory, b->config_path, name->text);
    diagnostics *unused = diagnostics_create(b->memory);
    if (descriptor) name = config_get(config_load_file(b->memory, descriptor, unused), "name");
    if (!name || name->kind != CONFIG_SCALAR) return NULL;
    failure why;
    return registry_find(b->plugins, SLOPE_KIND_READER, name->text, &why);
}

const bind_table *dataset_table(void)
{
    return &table;
}

/* ---- keys of the runner ---------------------------------------------------------------------- */

static void check_share(builder *b, const config_node *section, const char *key, double value)
{
    if (isnan(value) || value < 1 || value == floor(value)) return;
    diagnostics_add(b->errors, STATUS_CONFIG, builder_place(section, key),
                    arena_printf(b->memory, "dataset.%s", key),
                    "must be a fraction below 1 or a whole number of rows, got %s",
                    config_get(section, key)->text);
}

/* 64 hexadecimal digits, in lower case; NULL if it is something else. */
static char *read_digest(arena *a, const config_node *node)
{
    if (node->kind != CONFIG_SCALAR || strlen(node->text) != 64) return NULL;
    char *digest = arena_strdup(a, node->text);
    for (char *c = digest; *c; c++) {
        if (!isxdigit((unsigned char)*c)) return NULL;
        *c = (char)tolower((unsigned char)*c);
    }
    return digest;
}

static void read_checksums(builder *b, const config_node *section, config_node *record,
                           dataset_config *out)
{
    const config_node *sums = config_get(section, "sha256");
    if (!sums || config_is_null(sums)) return;
    if (sums->kind != CONFIG_MAPPING) {
        diagnostics_add(b->errors, STATUS_CONFIG, sums->place, "dataset.sha256",
                        "expected a mapping from file names to digests");
        return;
    }
    const char **names = arena_alloc(b->memory, sums->count * sizeof *names);
    const char **digests = arena_alloc(b->memory, sums->count * sizeof *digests);
    for (size_t i = 0; i < sums->count; i++) {
        names[i] = sums->entries[i].key;
        digests[i] = read_digest(b->memory, sums->entries[i].value);
        if (digests[i]) continue;
        diagnostics_add(b->errors, STATUS_CONFIG, sums->entries[i].value->place,
                        arena_printf(b->memory, "dataset.sha256.%s", names[i]),
                        "expected a SHA-256 digest, 64 hexadecimal digits");
    }
    out->checksum_count = sums->count;
    out->checksum_names = names;
    out->checksum_digests = digests;
    config_set(b->memory, record, "sha256", sums->place, config_merge(b->memory, NULL, sums));
}

static void read_class_names(builder *b, const config_node *section, config_node *record,
                             dataset_config *out)
{
    const config_node *list = config_get(section, "class_names");
    if (!list || config_is_null(list)) return;
    bool good = list->kind == CONFIG_SEQUENCE;
    for (size_t i = 0; good && i < list->count; i++) good = list->items[i]->kind == CONFIG_SCALAR;
    if (!good) {
        diagnostics_add(b->errors, STATUS_CONFIG, list->place, "dataset.class_names",
                        "expected a list of names, class 0 first");
        return;
    }
    const char **names = arena_alloc(b->memory, list->count * sizeof *names);
    for (size_t i = 0; i < list->count; i++) names[i] = list->items[i]->text;
    out->class_name_count = list->count;
    out->class_names = names;
    config_set(b->memory, record, "class_names", list->place, config_merge(b->memory, NULL, list));
}

/* `validation: {…}` is the reader's; any other value is a share of the training rows. */
static bool validation_is_readers(const config_node *section)
{
    const config_node *validation = config_get(section, "validation");
    return validation && validation->kind == CONFIG_MAPPING;
}

static void bind_own(builder *b, const config_node *section, config_node *record,
                     dataset_config *out)
{
    config_node *own = config_new_mapping(b->memory, section->place);
    const config_node *candidates = builder_only(b, section, &table);
    for (size_t i = 0; i < candidates->count; i++) {
        const config_entry *e = &candidates->entries[i];
        if (strcmp(e->key, "validation") != 0 || !validation_is_readers(section))
            config_set(b->memory, own, e->key, e->key_place, e->value);
    }
    config_node *all = config_new_mapping(b->memory, section->place);
    const dataset_fields *f = bind_section(b->memory, &table, own, "dataset", NULL, all, b->errors);
    check_share(b, section, "validation", f->validation);
    check_share(b, section, "test_fraction", f->test_fraction);
    for (size_t i = 0; i < all->count; i++) {
        const config_entry *e = &all->entries[i];
        bool skipped = strcmp(e->key, "in_place") == 0; /* that stands there already */
        for (const char *const *p = for_people; *p; p++) skipped |= strcmp(*p, e->key) == 0;
        if (!skipped) config_set(b->memory, record, e->key, e->key_place, e->value);
    }
    if (f->known_as) out->label = f->known_as;
    out->seed = (uint64_t)f->seed;
    out->limit = f->limit;
    out->test_limit = f->test_limit;
    out->validation = f->validation;
    out->test = f->test_fraction;
    out->scale = f->scale;
    out->subtract_mean = f->subtract_mean;
    out->standardize = f->standardize;
    out->how_to_get = f->how_to_get;
    read_checksums(b, section, record, out);
    read_class_names(b, section, record, out);
}

/* ---- reader ---------------------------------------------------------------------------------- */

/* Keys of the section that are not the reader's. */
static const char *const *keys_of_runner(builder *b, const config_node *section)
{
    static const char *const others[] = {"name", "sha256", "class_names"};
    enum { OTHERS = sizeof others / sizeof *others };
    const char **keys = arena_alloc(b->memory, (table.count + OTHERS + 1) * sizeof *keys);
    size_t count = 0;
    for (size_t i = 0; i < OTHERS; i++) keys[count++] = others[i];
    for (size_t i = 0; i < table.count; i++)
        if (strcmp(table.parameters[i].key, "validation") != 0 || !validation_is_readers(section))
            keys[count++] = table.parameters[i].key;
    return keys;
}

/* On one line, as messages are. */
static const char *advice_of(builder *b, const config_node *section)
{
    const config_node *node = config_get(section, "how_to_get");
    if (!node || node->kind != CONFIG_SCALAR || config_is_null(node)) return NULL;
    char *advice = arena_strdup(b->memory, node->text);
    for (char *c = advice; *c; c++)
        if (*c == '\n') *c = c[1] ? ' ' : '\0';
    return advice;
}

/* `called`: the name in the experiment, which is the label where none is given. */
static void bind_reader(builder *b, const config_node *section, const config_node *called,
                        bool may_be_descriptor, config_node *record, dataset_config *out)
{
    const config_node *name = name_of(b, section, "the name of a reader");
    const host_plugin *reader = name ? find_reader(b, name, may_be_descriptor) : NULL;
    if (!reader) return;
    if (!out->label) out->label = reader->id;
    const config_place recorded = {ORIGIN_DEFAULT, "a record", 0, 0};
    config_set(b->memory, record, "name", name->place,
               config_new_scalar(b->memory, name->place, reader->id, true));
    config_set(b->memory, record, "known_as", called->place,
               config_new_scalar(b->memory, called->place, out->label, true));
    config_set(b->memory, record, "in_place", recorded,
               config_new_scalar(b->memory, recorded, "true", false));
    out->reader.plugin = reader;
    out->reader.config =
        builder_bind_plugin(b, reader->description[FLOAT32], section, "dataset",
                            keys_of_runner(b, section), advice_of(b, section), record);
}

/* ---- the section ----------------------------------------------------------------------------- */

static void build(builder *b, const config_node *section, dataset_config *out, config_node *record)
{
    const config_node *name = name_of(b, section, "the name of a data set (or of a reader)");
    if (!name) return;
    const char *descriptor =
        is_in_place(section) ? NULL : descriptor_find(b->memory, b->config_path, name->text);
    const bool may_be_descriptor = !descriptor && !is_in_place(section);
    if (descriptor) {
        section = put_over_descriptor(b, section, descriptor);
        if (!section) return;
        out->label = name->text;
        out->descriptor = descriptor;
    }
    bind_reader(b, section, name, may_be_descriptor, record, out);
    bind_own(b, section, record, out);
}

/* The section of a file that has none. NULL, with the error, where the loss needs labels; NULL
 * without another error where nobody knows what the loss needs. */
static const config_node *section_without_data(builder *b, const config_node *trial,
                                               const trial_config *built)
{
    if (!built->loss.plugin) return NULL;
    const slope_loss *loss =
        (const slope_loss *)(const void *)built->loss.plugin->description[built->train.precision];
    if (loss->target != SLOPE_NO_TARGET) {
        diagnostics_add_about(b->errors, ABOUT_ABSENCE, trial->place, "dataset",
                              "missing: name a data set, as in `dataset: iris`, or describe one in "
                              "place with a reader's name");
        return NULL;
    }
    const config_place place = {ORIGIN_DEFAULT, "dataset", 0, 0};
    config_node *section = config_new_mapping(b->memory, place);
    config_set(b->memory, section, "name", place,
               config_new_scalar(b->memory, place, READER_WITHOUT_DATA, true));
    config_set(b->memory, section, "in_place", place,
               config_new_scalar(b->memory, place, "true", false));
    return section;
}

void build_dataset(builder *b, const config_node *trial, config_node *resolved, trial_config *out)
{
    const size_t before = diagnostics_count(b->errors);
    const config_node *section = builder_section(b, section_find("dataset"), trial, "dataset");
    if (!section && diagnostics_count(b->errors) == before)
        section = section_without_data(b, trial, out);
    if (!section) return;
    if (!b->dataset_node || !config_same(b->dataset_node, section, true)) {
        config_node *record = config_new_mapping(b->memory, section->place);
        b->dataset = (dataset_config){0};
        build(b, section, &b->dataset, record);
        b->dataset_node = section;
        b->dataset_resolved = record;
    }
    out->dataset = b->dataset;
    config_set(b->memory, resolved, "dataset", section->place,
               config_merge(b->memory, NULL, b->dataset_resolved));
}
