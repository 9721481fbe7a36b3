/* config/space_read.c: from the section `sweep` to a space: its entries, lists and alternatives.
 * See space.h for what they look like and space_build.h for the other parts. */
#include "config/space_build.h"

#include "base/text.h"
#include "config/bind_value.h"

#include <string.h>

/* Reads an entry and returns what of it goes into the record; NULL if the command line took it out
 * of the sweep, or it is wrong. */
static config_node *read_entry(space_builder *s, const swept *e);

/* ---- alternatives ---------------------------------------------------------------------------- */

/* Whether an item of a section's alternatives is another than the one that the command line names:
 * optimizer=adam leaves the item of adam. */
static bool other_than_named(const space_builder *s, const char *path, const config_node *item)
{
    const section_rule *rule = space_rule(path);
    if (!rule || !rule->choice || item->place.origin == ORIGIN_COMMAND_LINE) return false;
    const config_node *named = space_overridden(s, space_join(s->b->memory, path, rule->first));
    const config_node *own = item->kind == CONFIG_MAPPING ? config_get(item, rule->first) : item;
    return named && own && own->kind == CONFIG_SCALAR && named->kind == CONFIG_SCALAR &&
           strcmp(named->text, own->text) != 0;
}

static bool is_constant(const config_node *node)
{
    return node->kind == CONFIG_SCALAR && !space_is_auto(node);
}

/* What an item sets: its constants. */
static void read_constants(space_builder *s, const char *path, const config_node *item,
                           setting_list *settings, config_node *record)
{
    for (size_t i = 0; i < item->count; i++) {
        const config_entry *e = &item->entries[i];
        const char *below = space_join(s->b->memory, path, e->key);
        if (is_constant(e->value)) {
            if (space_taken_out(s, space_whole_path(s, below, e->value), e->value)) continue;
            space_set(s, settings, below, e->key_place, e->value);
            config_set(s->b->memory, record, e->key, e->key_place, e->value);
        } else if (e->value->kind == CONFIG_MAPPING && !space_is_range(e->value)) {
            config_node *inner = config_new_mapping(s->b->memory, e->value->place);
            config_set(s->b->memory, record, e->key, e->key_place, inner);
            read_constants(s, below, e->value, settings, inner);
        }
    }
}

/* What an item varies: dimensions that are there under its choice only. `record` has the mappings
 * that read_constants() made. */
static void read_inner(space_builder *s, const swept *at, const config_node *item,
                       config_node *record)
{
    for (size_t i = 0; i < item->count; i++) {
        const config_entry *e = &item->entries[i];
        swept inner = *at;
        inner.path = space_join(s->b->memory, at->path, e->key);
        inner.key_place = e->key_place;
        inner.node = e->value;
        if (is_constant(e->value)) continue;
        if (e->value->kind == CONFIG_MAPPING && !space_is_range(e->value)) {
            for (size_t k = 0; k < record->count; k++)
                if (strcmp(record->entries[k].key, e->key) == 0)
                    read_inner(s, &inner, e->value, record->entries[k].value);
            continue;
        }
        config_node *stays = read_entry(s, &inner);
        if (stays) config_set(s->b->memory, record, e->key, e->key_place, stays);
    }
}

/* A list with mappings in it. Its own dimension comes first, then those of its items. */
static config_node *read_alternatives(space_builder *s, const swept *e)
{
    arena *a = s->b->memory;
    config_node *record = config_new_sequence(a, e->node->place);
    space_choice *choices = arena_alloc(a, e->node->count * sizeof *choices);
    const size_t number = s->count;
    const config_node *before = s->context, *after = NULL;
    space_add(s, e);
    size_t count = 0;
    for (size_t i = 0; i < e->node->count; i++) {
        const config_node *item = e->node->items[i];
        if (other_than_named(s, e->path, item)) continue;
        setting_list settings = {0};
        s->context = before;
        if (item->kind == CONFIG_MAPPING) {
            config_node *own = config_new_mapping(a, item->place);
            read_constants(s, e->path, item, &settings, own);
            choices[count] = (space_choice){settings.count, settings.items};
            space_advance(s, &choices[count]);
            const swept inner = {e->path, e->key_place, item, number, count};
            read_inner(s, &inner, item, own);
            config_append(a, record, own);
        } else {
            space_set(s, &settings, e->path, e->key_place, item);
            choices[count] = (space_choice){settings.count, settings.items};
            space_advance(s, &choices[count]);
            config_append(a, record, config_merge(a, NULL, item));
        }
        if (!after) after = s->context;
        count++;
    }
    s->context = after ? after : before;
    s->dimensions[number].choices = choices;
    s->dimensions[number].choice_count = count;
    if (count) return record;
    s->count = number; /* the command line names something else: nothing is left to choose from */
    return NULL;
}

/* ---- entries --------------------------------------------------------------------------------- */

static config_node *read_list(space_builder *s, const swept *e)
{
    const config_node *list = e->node;
    bool mappings = false;
    if (!list->count) {
        space_wrong(s, list->place, e->path, "the list is empty: name at least one value");
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) mappings |= list->items[i]->kind == CONFIG_MAPPING;
    /* With a rule, scalars may be names that the command line chooses from. */
    if (mappings || space_rule(e->path)) return read_alternatives(s, e);
    space_add_choices(s, e, (const config_node *const *)list->items, list->count);
    return config_merge(s->b->memory, NULL, list);
}

static config_node *read_entry(space_builder *s, const swept *e)
{
    const size_t before = diagnostics_count(s->b->errors);
    if (space_taken_out(s, e->path, e->node)) return NULL;
    if (e->node->kind == CONFIG_SEQUENCE) return read_list(s, e);
    if (config_is_null(e->node)) {
        space_wrong(s, e->node->place, e->path,
                    "has no values: give a list, or a range such as {from: 1e-3, to: 1, points: 4, "
                    "scale: log}");
    } else if (space_is_auto(e->node)) {
        space_read_auto(s, e);
    } else if (e->node->kind == CONFIG_SCALAR) {
        space_add_choices(s, e, &e->node, 1);
    } else {
        space_read_range(s, e);
    }
    return diagnostics_count(s->b->errors) == before ? config_merge(s->b->memory, NULL, e->node)
                                                     : NULL;
}

/* Whether the command line gave other values for this path. */
static bool swept_otherwise(const space_builder *s, const char *path, const config_node *node)
{
    const config_node *below = config_find(s->section, path), *whole = config_get(s->section, path);
    const config_node *other = below && below != node ? below : whole;
    return other && other != node && other->place.origin == ORIGIN_COMMAND_LINE &&
           node->place.origin != ORIGIN_COMMAND_LINE;
}

/* Mappings in one another are paths. */
static void read_below(space_builder *s, const char *path, const config_entry *e,
                       config_node *record)
{
    const config_node *node = e->value;
    if (node->kind == CONFIG_MAPPING && !space_is_range(node)) {
        for (size_t i = 0; i < node->count; i++)
            read_below(s, space_join(s->b->memory, path, node->entries[i].key), &node->entries[i],
                       record);
        return;
    }
    if (swept_otherwise(s, path, node)) return;
    s->group++;
    const swept at = {path, e->key_place, node, SLOPE_NO_PARENT, 0};
    config_node *stays = read_entry(s, &at);
    if (stays) config_set(s->b->memory, record, path, e->key_place, stays);
}

/* ---- the section ----------------------------------------------------------------------------- */

static bool is_setting(const char *key, const char *const *settings)
{
    for (; *settings; settings++)
        if (strcmp(*settings, key) == 0) return true;
    return false;
}

/* Whether a key begins a path of an experiment. */
static bool is_section(space_builder *s, const config_entry *e, const char *const *settings)
{
    const char *head = arena_strndup(s->b->memory, e->key, strcspn(e->key, "."));
    if (section_find(head)) return true;
    static const char *const whole[] = {"experiment", "label", "keep", "trials", "sweep"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(whole[i], head) == 0) {
            space_wrong(s, e->key_place, e->key, "cannot be swept");
            return false;
        }
    const char *names[TRIAL_SECTIONS + 32];
    size_t count = 0;
    for (; count < TRIAL_SECTIONS; count++) names[count] = trial_section_key((trial_section)count);
    for (; *settings; settings++) names[count++] = *settings;
    const char *nearest = text_nearest(head, names, count);
    space_wrong(s, e->key_place, e->key, "unknown key%s%s%s",
                nearest ? "; did you mean '"
                        : "; expected a setting of the sweep or a path such as "
                          "optimizer.learning_rate",
                nearest ? nearest : "", nearest ? "'?" : "");
    return false;
}

const space *build_space(builder *b, const config_node *section, const char *const *settings,
                         const sampler_rows *rows, const config_node *base, config_node *record)
{
    space_builder s = {.b = b, .section = section, .root = base, .context = base};
    const config_node *exclude = NULL;
    for (size_t i = 0; section && i < section->count; i++) {
        const config_entry *e = &section->entries[i];
        if (config_is_null(e->value) && is_setting(e->key, settings)) continue;
        if (strcmp(e->key, "zip") == 0)
            space_read_zips(&s, e, record);
        else if (strcmp(e->key, "exclude") == 0)
            exclude = e->value;
        else if (!is_setting(e->key, settings) && is_section(&s, e, settings))
            read_below(&s, e->key, e, record);
    }
    if (rows) space_read_rows(&s, rows, section);
    space_check_columns(&s);
    space *out = arena_alloc(b->memory, sizeof *out);
    *out = (space){.count = s.count,
                   .dimensions = s.dimensions,
                   .column_count = s.column_count,
                   .columns = s.columns};
    config_node *stays = exclude ? space_read_exclusions(&s, exclude, out) : NULL;
    if (stays) config_set(b->memory, record, "exclude", stays->place, stays);
    return out;
}
