/* config/space_finish.c: what concerns a space as a whole: paths that hide each other, and
 * combinations that are left out. See space.h and space_build.h. */
#include "config/space_build.h"

#include "base/text.h"
#include "config/bind_value.h"

#include <string.h>

static void tell_hidden(space_builder *s, const space_column *part, const space_column *whole)
{
    if (part->key->origin == ORIGIN_COMMAND_LINE && whole->key->origin != ORIGIN_COMMAND_LINE)
        space_wrong(s, *part->key, part->path,
                    "the file sweeps '%s' as a whole in line %d, and so values that have no part "
                    "to sweep: sweep all of it (--sweep '%s=…')",
                    whole->path, whole->key->line, whole->path);
    else
        space_wrong(s, *part->key, part->path, "'%s' is swept as a whole %s: sweep one of the two",
                    whole->path,
                    whole->key->origin == ORIGIN_COMMAND_LINE
                        ? "on the command line"
                        : arena_printf(s->b->memory, "in line %d", whole->key->line));
}

void space_check_columns(space_builder *s)
{
    for (size_t i = 0; i < s->column_count; i++)
        for (size_t k = 0; k < s->column_count; k++)
            if (s->owners[i].group != s->owners[k].group &&
                space_is_below(s->columns[i].path, s->columns[k].path)) {
                tell_hidden(s, &s->columns[i], &s->columns[k]);
                space_lose(s, s->columns[i].path);
            }
}

/* ---- exclude --------------------------------------------------------------------------------- */

typedef struct reading {
    space_builder *s;
    space_condition *conditions;
    size_t count;
    bool empty; /* one of the conditions has no values */
    bool never; /* it cannot hold: the command line sets or sweeps something else */
    config_node *record;
} reading;

static size_t find_column(const space_builder *s, const char *path)
{
    size_t c = 0;
    while (c < s->column_count && strcmp(s->columns[c].path, path) != 0) c++;
    return c;
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
    const section_rule *rule = space_rule(path);
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
        r->never |= space_replaced(s, path);
        s->strays = space_grown(a, s->strays, s->stray_count, &s->stray_room, sizeof *s->strays);
        s->strays[s->stray_count++] = (stray){path, e->key_place};
        return;
    }
    if (!count) {
        space_wrong(s, value->place, "exclude", "the list is empty: name at least one value");
        r->empty = true;
        return;
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

/* One item; false if it leaves nothing out. Of a wrong one the other conditions stay: they leave
 * out more, so that no trial is found wrong that there would not be. */
static bool read_exclusion(space_builder *s, const config_node *item, space_exclusion *out,
                           config_node **record)
{
    if (item->kind != CONFIG_MAPPING || !item->count) {
        space_wrong(s, item->place, "exclude",
                    "expected a mapping from swept paths to values, as in {optimizer.name: sgd, "
                    "optimizer.learning_rate: 1}");
        s->lost_combinations = true;
        return false;
    }
    const size_t strays = s->stray_count;
    reading r = {.s = s, .record = config_new_mapping(s->b->memory, item->place)};
    r.conditions = arena_alloc(s->b->memory, space_count_leaves(item) * sizeof *r.conditions);
    read_conditions(&r, "", item);
    if (r.never) s->stray_count = strays;
    if (r.never) return false;
    if (!r.count && (s->stray_count > strays || r.empty)) {
        s->lost_combinations = true;
        return false;
    }
    *out = (space_exclusion){r.count, r.conditions};
    *record = r.record;
    return true;
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
        config_node *own = NULL;
        if (!read_exclusion(s, many ? list->items[i] : list, &all[out->exclusion_count], &own))
            continue;
        out->exclusion_count++;
        config_append(a, record, own);
    }
    out->exclusions = all;
    return record->count ? record : NULL;
}

static bool is_lost(const space_builder *s, const char *path)
{
    for (size_t i = 0; i < s->lost_count; i++)
        if (strcmp(s->lost[i], path) == 0 || space_is_below(path, s->lost[i])) return true;
    return s->lost_any;
}

/* That a path is not swept is only a consequence where it was lost, or is the right one for a path
 * that is misspelt. */
void space_tell_strays(space_builder *s)
{
    const char **names = arena_alloc(s->b->memory, (s->column_count + 1) * sizeof *names);
    for (size_t i = 0; i < s->column_count; i++) names[i] = s->columns[i].path;
    for (size_t i = 0; i < s->stray_count; i++) {
        const stray *one = &s->strays[i];
        const char *nearest = text_nearest(one->path, names, s->column_count);
        if (is_lost(s, one->path) || (nearest && is_lost(s, nearest))) continue;
        space_wrong(s, one->place, "exclude", "'%s' is not swept%s%s%s", one->path,
                    nearest ? "; did you mean '" : ", so no combination can be told by it",
                    nearest ? nearest : "", nearest ? "'?" : "");
    }
}
