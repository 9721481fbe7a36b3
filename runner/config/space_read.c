/* config/space_read.c: from the section `sweep` to a space: its entries, lists and alternatives.
 * See space.h for what they look like and space_build.h for the other parts. */
#include "config/space_build.h"

#include "base/text.h"
#include "config/bind_value.h"

#include <string.h>

/* Reads an entry and returns what of it goes into the record; NULL if the command line took it out
 * of the sweep, or it is wrong. What is wrong is told, and lost. */
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
            space_set(s, settings, below, &e->key_place, e->value);
            config_set(s->b->memory, record, e->key, e->key_place, e->value);
        } else if (space_has_paths(s, below, e->value)) {
            if (space_taken_out(s, below, e->value)) continue;
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
        inner.key = &e->key_place;
        inner.node = e->value;
        if (is_constant(e->value)) continue;
        if (space_has_paths(s, inner.path, e->value)) {
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
            space_watch(s, &choices[count]);
            const swept inner = {e->path, e->key, item, number, count};
            read_inner(s, &inner, item, own);
            config_append(a, record, own);
        } else {
            space_set(s, &settings, e->path, e->key, item);
            choices[count] = (space_choice){settings.count, settings.items};
            space_advance(s, &choices[count]);
            space_watch(s, &choices[count]);
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
    const size_t before = diagnostics_count(s->b->errors), count = s->count;
    config_node *stays = NULL;
    if (space_taken_out(s, e->path, e->node)) return NULL;
    if (e->node->kind == CONFIG_SEQUENCE)
        stays = read_list(s, e);
    else if (config_is_null(e->node) || (e->node->kind == CONFIG_MAPPING && !e->node->count))
        space_wrong(s, e->node->place, e->path,
                    "has no values: give a list, or a range such as {from: 1e-3, to: 1, points: 4, "
                    "scale: log}");
    else if (space_is_auto(e->node))
        space_read_auto(s, e);
    else if (e->node->kind == CONFIG_SCALAR)
        space_add_choices(s, e, &e->node, 1);
    else
        space_read_range(s, e);
    if (diagnostics_count(s->b->errors) == before)
        return stays ? stays : s->count > count ? config_merge(s->b->memory, NULL, e->node) : NULL;
    if (s->count > count) return NULL;
    space_lose(s, e->path);
    space_add(s, e);
    space_make_blank(s, count);
    return NULL;
}

/* Mappings in one another are paths. */
static void read_below(space_builder *s, const char *path, const config_entry *e,
                       config_node *record)
{
    const config_node *node = e->value;
    if (space_has_paths(s, path, node)) {
        for (size_t i = 0; i < node->count; i++)
            read_below(s, space_join(s->b->memory, path, node->entries[i].key), &node->entries[i],
                       record);
        return;
    }
    s->group++;
    const swept at = {path, &e->key_place, node, SLOPE_NO_PARENT, 0};
    config_node *stays = read_entry(s, &at);
    if (stays) config_set(s->b->memory, record, path, e->key_place, stays);
}

/* ---- the section ----------------------------------------------------------------------------- */

static void lose_leaves(space_builder *s, const char *path, const config_node *node)
{
    for (size_t i = 0; node->kind == CONFIG_SEQUENCE && i < node->count; i++)
        lose_leaves(s, path, node->items[i]);
    for (size_t i = 0; node->kind == CONFIG_MAPPING && i < node->count; i++) {
        const char *below = space_join(s->b->memory, path, node->entries[i].key);
        space_lose(s, below);
        lose_leaves(s, below, node->entries[i].value);
    }
}

/* A key that is no setting and begins no path, but may be nearly one; `rest` comes after its first
 * part. */
static void lose_misspelt(space_builder *s, const config_entry *e, const char *rest,
                          const char *nearest)
{
    static const char *const placing[] = {"sampler", "trials", "seed", NULL};
    if (!nearest)
        s->lost_any = true;
    else if (section_find(nearest))
        space_lose(s, arena_printf(s->b->memory, "%s%s", nearest, rest));
    else if (strcmp(nearest, "zip") == 0)
        lose_leaves(s, "", e->value);
    s->lost_points |= nearest && space_is_setting(nearest, placing);
    s->lost_combinations |= nearest && strcmp(nearest, "exclude") == 0;
}

/* At the top of the file: with `optimizr: adam` nobody knows what an optimizer may have. */
static void lose_misspelt_sections(space_builder *s)
{
    const char *names[TRIAL_SECTIONS];
    for (size_t n = 0; n < TRIAL_SECTIONS; n++) names[n] = trial_section_key((trial_section)n);
    for (size_t i = 0; i < diagnostics_count(s->b->errors); i++) {
        const diagnostic *d = diagnostics_at(s->b->errors, i);
        const char *key = d->path ? d->path : "", *dot = strrchr(key, '.');
        if (d->about != ABOUT_KEY || (dot && strncmp(key, "trials.", 7) != 0)) continue;
        const char *nearest = text_nearest(dot ? dot + 1 : key, names, TRIAL_SECTIONS);
        if (nearest) space_lose(s, nearest);
    }
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
    lose_misspelt(s, e, e->key + strlen(head), nearest);
    space_wrong(s, e->key_place, e->key, "unknown key%s%s%s",
                nearest ? "; did you mean '"
                        : "; expected a setting of the sweep or a path such as "
                          "optimizer.learning_rate",
                nearest ? nearest : "", nearest ? "'?" : "");
    return false;
}

static void read_entries(space_builder *s, const char *const *settings, config_node *record)
{
    for (size_t i = 0; s->section && i < s->section->count; i++) {
        const config_entry *e = &s->section->entries[i];
        if (config_is_null(e->value) && space_is_setting(e->key, settings)) continue;
        if (strcmp(e->key, "zip") == 0)
            space_read_zips(s, e, record);
        else if (!space_is_setting(e->key, settings) && is_section(s, e, settings))
            read_below(s, e->key, e, record);
    }
}

static space space_of(const space_builder *s)
{
    return (space){
        .count = s->count,
        .dimensions = s->dimensions,
        .column_count = s->column_count,
        .columns = s->columns,
        .lost = {s->lost_count, s->lost, s->lost_any, s->lost_points, s->lost_combinations}};
}

space *build_space(builder *b, const config_node *section, const char *const *settings,
                   const sampler_rows *rows, size_t base_count, const config_node *const *bases,
                   config_node *record)
{
    space_builder s = {.b = b, .section = section, .root = bases[0], .context = bases[0]};
    lose_misspelt_sections(&s);
    space_find_claims(&s, settings);
    read_entries(&s, settings, record);
    if (rows) space_read_rows(&s, rows, section);
    space_check_columns(&s);
    space *out = arena_alloc(b->memory, sizeof *out), so_far = space_of(&s);
    const config_node *exclude = config_get(section, "exclude");
    config_node *stays = exclude ? space_read_exclusions(&s, exclude, &so_far) : NULL;
    if (stays) config_set(b->memory, record, "exclude", stays->place, stays);
    space_check_paths(&s, &so_far, base_count, bases);
    space_tell_strays(&s);
    *out = space_of(&s);
    out->exclusion_count = so_far.exclusion_count;
    out->exclusions = so_far.exclusions;
    return out;
}
