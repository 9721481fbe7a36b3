/* sweep/plan_ids.c: who a trial is, and whom it may train with. See plan.h for what counts and
 * plan_private.h.
 *
 * Each section is digested once: its record in a canonical text, the bytes of its plugin and, for
 * data, the bytes that are read. A trial's id is a digest of these digests. */
#include "sweep/plan_private.h"

#include "base/digests.h"
#include "base/text.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

/* Sections that change a number of a trial. */
static const trial_section counted[] = {
    SECTION_TRAIN,     SECTION_LOSS,     SECTION_DATASET, SECTION_MODEL,    SECTION_REGULARIZATION,
    SECTION_OPTIMIZER, SECTION_SCHEDULE, SECTION_CLIP,    SECTION_EVALUATE, SECTION_STOP,
};
enum { COUNTED = sizeof counted / sizeof *counted };

/* ---- canonical text -------------------------------------------------------------------------- */

static void put(struct sha256_ctx *into, const char *text)
{
    sha256_update(into, strlen(text) + 1, (const uint8_t *)text); /* the zero byte ends it */
}

/* 0.1, 1e-1 and 0.10 are one number: its bytes, least first, whatever the machine. */
static void put_number(struct sha256_ctx *into, double number)
{
    uint64_t bits;
    uint8_t bytes[1 + sizeof bits] = {'#'};
    number += 0.0; /* -0 is 0 */
    memcpy(&bits, &number, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++) bytes[1 + i] = (uint8_t)(bits >> 8 * i);
    sha256_update(into, sizeof bytes, bytes);
}

static void put_scalar(struct sha256_ctx *into, const config_node *node)
{
    double number;
    if (node->quoted || !text_to_number(node->text, &number))
        put(into, node->text);
    else
        put_number(into, number);
}

static void put_node(struct sha256_ctx *into, const config_node *node)
{
    if (node->kind == CONFIG_SCALAR) {
        put_scalar(into, node);
        return;
    }
    put(into, node->kind == CONFIG_MAPPING ? "{" : "[");
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == CONFIG_MAPPING) put(into, node->entries[i].key);
        put_node(into, node->kind == CONFIG_MAPPING ? node->entries[i].value : node->items[i]);
    }
    put(into, node->kind == CONFIG_MAPPING ? "}" : "]");
}

static void put_file_name(struct sha256_ctx *into, const config_node *node)
{
    for (size_t i = 0; i < node->count; i++) put_file_name(into, node->items[i]);
    if (node->kind != CONFIG_SCALAR) return;
    const char *slash = strrchr(node->text, '/');
    put(into, slash ? slash + 1 : node->text);
}

static bool names_file(const host_plugin *plugin, const char *key)
{
    const slope_plugin *about = plugin->description[FLOAT32];
    for (size_t i = 0; i < about->parameter_count; i++) {
        const slope_parameter *at = parameter_at(about->parameters, about->parameter_size, i);
        if (strcmp(at->key, key) == 0) return at->type == SLOPE_PATH || at->type == SLOPE_PATHS;
    }
    return false;
}

/* A reader's keys may have dots: train.images stands in a mapping train. */
static void put_data_keys(struct sha256_ctx *into, arena *a, const host_plugin *reader,
                          const config_node *node, const char *path)
{
    static const char *const shown[] = {"known_as", "in_place", "how_to_get"};
    for (size_t i = 0; i < node->count; i++) {
        const config_entry *e = &node->entries[i];
        bool skipped = false;
        for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
            skipped |= !*path && strcmp(shown[k], e->key) == 0;
        if (skipped) continue;
        const char *key = *path ? arena_printf(a, "%s.%s", path, e->key) : e->key;
        put(into, key);
        if (names_file(reader, key))
            put_file_name(into, e->value);
        else if (e->value->kind == CONFIG_MAPPING)
            put_data_keys(into, a, reader, e->value, key);
        else
            put_node(into, e->value);
    }
}

/* ---- bytes of plugins ------------------------------------------------------------------------ */

static const host_plugin *plugin_of(trial_section s, const trial_config *c)
{
    switch (s) {
    case SECTION_LOSS:
        return c->loss.plugin;
    case SECTION_DATASET:
        return c->dataset.reader.plugin;
    case SECTION_MODEL:
        return c->model.plugin;
    case SECTION_OPTIMIZER:
        return c->optimizer.plugin;
    case SECTION_SCHEDULE:
        return c->schedule.choice.plugin;
    default:
        return NULL;
    }
}

static const char *digest_of_plugin(plan *p, builder *b, const host_plugin *plugin)
{
    for (size_t i = 0; i < p->plugin_count; i++)
        if (p->plugins[i].plugin == plugin) return p->plugins[i].digest;
    plugin_digest made = {.plugin = plugin};
    failure why;
    if (!digest_of_file(plugin->path, made.digest, &why)) {
        diagnostics_add(b->errors, why.status, (config_place){0}, NULL, "%s", why.text);
        return NULL;
    }
    p->plugins = plan_grown(p->plugins, p->plugin_count, &p->plugin_room, sizeof *p->plugins);
    p->plugins[p->plugin_count++] = made;
    return p->plugins[p->plugin_count - 1].digest;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static uint64_t first_bytes(const unsigned char *digest)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | digest[i];
    return value;
}

static void finish(struct sha256_ctx *of, unsigned char digest[DIGEST_BYTES])
{
    sha256_digest(of, DIGEST_BYTES, digest);
}

/* All but its initialisation. */
static void put_model(struct sha256_ctx *into, const config_node *model)
{
    for (size_t i = 0; model && i < model->count; i++) {
        const config_entry *e = &model->entries[i];
        if (strcmp(e->key, section_init.key) == 0) continue;
        put(into, e->key);
        put_node(into, e->value);
    }
}

/* What trials that train together must share of a section; see engine/lockstep.h. */
static uint64_t fuse_of(trial_section s, const part *of)
{
    struct sha256_ctx hash;
    unsigned char digest[DIGEST_BYTES];
    if (s == SECTION_DATASET) return first_bytes(of->digest);
    sha256_init(&hash);
    if (s == SECTION_MODEL) {
        put_model(&hash, of->resolved);
    } else if (s == SECTION_TRAIN) {
        const train_config *t = &of->config.train;
        const int64_t numbers[] = {t->batch_size, (int64_t)t->seed, t->precision, t->gradient,
                                   t->difference};
        sha256_update(&hash, sizeof numbers, (const uint8_t *)numbers);
        sha256_update(&hash, sizeof t->difference_step, (const uint8_t *)&t->difference_step);
    } else {
        return 0;
    }
    finish(&hash, digest);
    return first_bytes(digest);
}

bool plan_digest_part(plan *p, builder *b, trial_section s, part *of)
{
    struct sha256_ctx hash;
    const host_plugin *plugin = plugin_of(s, &of->config);
    sha256_init(&hash);
    put(&hash, trial_section_key(s));
    if (plugin) {
        const char *digest = digest_of_plugin(p, b, plugin);
        if (!digest) return false;
        put(&hash, digest);
    }
    if (s == SECTION_DATASET && plugin && of->resolved) {
        put_data_keys(&hash, b->memory, plugin, of->resolved, "");
        const dataset *data = of->dataset != SIZE_MAX ? p->datasets[of->dataset] : NULL;
        for (size_t i = 0; data && i < data->file_count; i++) put(&hash, data->digests[i]);
    } else if (of->resolved) {
        put_node(&hash, of->resolved);
    }
    finish(&hash, of->digest);
    of->fuse = fuse_of(s, of);
    return true;
}

uint64_t plan_make_id(const part *const parts[TRIAL_SECTIONS])
{
    struct sha256_ctx hash;
    unsigned char digest[DIGEST_BYTES];
    sha256_init(&hash);
    for (size_t i = 0; i < COUNTED; i++)
        sha256_update(&hash, DIGEST_BYTES, parts[counted[i]]->digest);
    finish(&hash, digest);
    return first_bytes(digest);
}

uint64_t plan_make_fuse_key(const part *const parts[TRIAL_SECTIONS])
{
    uint64_t key = 0;
    for (size_t i = 0; i < COUNTED; i++) {
        key = (key ^ parts[counted[i]]->fuse) * 0x9E3779B97F4A7C15u;
        key ^= key >> 32;
    }
    return key;
}

uint64_t plan_digest_problem(const trial_config *c)
{
    struct sha256_ctx hash;
    unsigned char digest[DIGEST_BYTES];
    const config_node *data = config_get(c->resolved, "dataset");
    const config_node *loss = config_get(c->resolved, "loss");
    arena *a = arena_create();
    sha256_init(&hash);
    if (data && c->dataset.reader.plugin)
        put_data_keys(&hash, a, c->dataset.reader.plugin, data, "");
    put(&hash, "model");
    put_model(&hash, config_get(c->resolved, "model"));
    put(&hash, "loss");
    if (loss) put_node(&hash, loss);
    finish(&hash, digest);
    arena_destroy(a);
    return first_bytes(digest);
}

/* ---- the index ------------------------------------------------------------------------------- */

static size_t slot_of(const plan *p, uint64_t id)
{
    size_t slot = (size_t)id & (p->index_room - 1);
    while (p->index[slot] && p->trials[p->index[slot] - 1].id != id)
        slot = (slot + 1) & (p->index_room - 1);
    return slot;
}

size_t plan_look_up(const plan *p, uint64_t id)
{
    if (!p->index_room) return SIZE_MAX;
    const size_t slot = slot_of(p, id);
    return p->index[slot] ? p->index[slot] - 1 : SIZE_MAX;
}

void plan_enter(plan *p, size_t trial)
{
    if (2 * (trial + 1) > p->index_room) {
        free(p->index);
        p->index_room = p->index_room ? 2 * p->index_room : 64;
        p->index = allocate(p->index_room, sizeof *p->index);
        for (size_t i = 0; i < trial; i++)
            p->index[slot_of(p, p->trials[i].id)] = (uint32_t)(i + 1);
    }
    p->index[slot_of(p, p->trials[trial].id)] = (uint32_t)(trial + 1);
}
