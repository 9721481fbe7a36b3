/* config/space_finish.c: what concerns a space as a whole: paths that hide each other, and
 * combinations that are left out. See space.h and space_build.h. */
#include "config/space_build.h"

#include "base/text.h"
#include "config/bind_value.h"

#include <string.h>

static bool is_below(const char *path, const char *prefix)
{
    const size_t length = strlen(prefix);
    return strncmp(path, prefix, length) == 0 && path[length] == '.';
}

void space_check_columns(space_builder *s)
{
    for (size_t i = 0; i < s->column_count; i++)
        for (size_t k = 0; k < s->column_count; k++)
            if (s->owners[i].group != s->owners[k].group &&
                is_below(s->columns[i].path, s->columns[k].path))
                space_wrong(s, s->columns[i].place, s->columns[i].path,
                            "'%s' is swept as a whole in line %d: sweep one of the two",
                            s->columns[k].path, s->columns[k].place.line);
}

/* ---- exclude --------------------------------------------------------------------------------- */

typedef struct reading {
    space_builder *s;
    space_condition *conditions;
    size_t count, room;
    bool wrong, never; /* never: the command line sets something else */
    config_node *record;
} reading;

static size_t find_column(const space_builder *s, const char *path)
{
    size_t c = 0;
    while (c < s->column_count && strcmp(s->columns[c].path, path) != 0) c++;
    return c;
}

static void unknown(reading *r, const char *path, config_place place)
{
    const space_builder *s = r->s;
    const char **names = arena_alloc(s->b->memory, (s->column_count + 1) * sizeof *names);
    for (size_t i = 0; i < s->column_count; i++) names[i] = s->columns[i].path;
    const char *nearest = text_nearest(path, names, s->column_count);
    space_wrong(r->s, place, "exclude", "'%s' is not swept%s%s%s", path,
                nearest ? "; did you mean '" : ", so no combination can be told by it",
                nearest ? nearest : "", nearest ? "'?" : "");
    r->wrong = true;
}

static bool among(const config_node *value, const config_node *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i]->kind == CONFIG_SCALAR && strcmp(values[i]->text, value->text) == 0)
            return true;
    return false;
}

static void read_condition(reading *r, const char *path, const config_entry *e)
{
    space_builder *s = r->s;
    arena *a = s->b->memory;
    const config_node *value = e->value;
    const section_rule *rule = strcmp(path, "model.init") == 0 ? &section_init : section_find(path);
    if (rule && find_column(s, path) == s->column_count) path = space_join(a, path, rule->first);
    const bool list = value->kind == CONFIG_SEQUENCE;
    const config_node **values = arena_alloc(a, (list ? value->count : 1) * sizeof *values);
    for (size_t i = 0; list && i < value->count; i++) values[i] = value->items[i];
    if (!list) values[0] = value;
    const size_t count = list ? value->count : 1;
    const size_t column = find_column(s, path);
    const config_node *overridden = space_overridden(s, path);
    if (column == s->column_count && overridden && overridden->kind == CONFIG_SCALAR) {
        r->never |= !among(overridden, values, count); /* holds always, or never */
        return;
    }
    if (column == s->column_count) {
        unknown(r, path, e->key_place);
        return;
    }
    if (!count) {
        space_wrong(s, value->place, "exclude", "the list is empty: name at least one value");
        r->wrong = true;
    }
    r->conditions[r->count++] = (space_condition){column, count, values};
    config_set(a, r->record, path, e->key_place, e->value);
}

static void read_conditions(reading *r, const char *path, const config_node *mapping)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const config_entry *e = &mapping->entries[i];
        const char *below = space_join(r->s->b->memory, path, e->key);
        if (e->value->kind == CONFIG_MAPPING)
            read_conditions(r, below, e->value);
        else
            read_condition(r, below, e);
    }
}

size_t space_count_leaves(const config_node *node)
{
    size_t count = 1;
    for (size_t i = 0; node->kind == CONFIG_MAPPING && i < node->count; i++)
        count += space_count_leaves(node->entries[i].value);
    return count;
}

config_node *space_read_exclusions(space_builder *s, const config_node *list, space *out)
{
    arena *a = s->b->memory;
    if (config_is_null(list)) return NULL;
    const bool many = list->kind == CONFIG_SEQUENCE;
    const size_t count = many ? list->count : 1;
    space_exclusion *all = arena_alloc(a, count * sizeof *all);
    config_node *record = config_new_sequence(a, list->place);
    for (size_t i = 0; i < count; i++) {
        const config_node *item = many ? list->items[i] : list;
        if (item->kind != CONFIG_MAPPING || !item->count) {
            space_wrong(
                s, item->place, "exclude",
                "expected a mapping from swept paths to values, as in {optimizer.name: sgd, "
                "optimizer.learning_rate: 1}");
            continue;
        }
        reading r = {.s = s, .record = config_new_mapping(a, item->place)};
        r.conditions = arena_alloc(a, space_count_leaves(item) * sizeof *r.conditions);
        read_conditions(&r, "", item);
        if (r.wrong || r.never) continue;
        all[out->exclusion_count++] = (space_exclusion){r.count, r.conditions};
        config_append(a, record, r.record);
    }
    out->exclusions = all;
    return record->count ? record : NULL;
}
