/* config/space_build.c: what reading a space needs again and again: dimensions, columns, settings.
 * See space_build.h. */
#include "config/space_build.h"

#include "config/bind_value.h"

#include <string.h>

/* ---- shared ---------------------------------------------------------------------------------- */

const char *space_join(arena *a, const char *path, const char *key)
{
    return *path ? arena_printf(a, "%s.%s", path, key) : key;
}

bool space_is_auto(const config_node *node)
{
    return node->kind == CONFIG_SCALAR && !node->quoted && strcmp(node->text, "auto") == 0;
}

void space_wrong(space_builder *s, config_place place, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(s->b->memory, format, args);
    va_end(args);
    diagnostics_add(s->b->errors, STATUS_CONFIG, place, space_join(s->b->memory, "sweep", path),
                    "%s", text);
}

bool space_is_setting(const char *key, const char *const *settings)
{
    for (; *settings; settings++)
        if (strcmp(*settings, key) == 0) return true;
    return false;
}

bool space_is_below(const char *path, const char *prefix)
{
    const size_t length = strlen(prefix);
    return strncmp(path, prefix, length) == 0 && path[length] == '.';
}

void *space_grown(arena *a, void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room) return list;
    *room = *room ? 2 * *room : 4;
    void *more = arena_alloc(a, *room * size);
    if (count) memcpy(more, list, count * size);
    return more;
}

/* ---- dimensions and columns ------------------------------------------------------------------ */

space_dimension *space_add(space_builder *s, const swept *e)
{
    s->dimensions =
        space_grown(s->b->memory, s->dimensions, s->count, &s->room, sizeof *s->dimensions);
    space_dimension *d = &s->dimensions[s->count++];
    *d = (space_dimension){.path = e->path,
                           .place = e->node->place,
                           .key = e->key,
                           .parent = e->parent,
                           .parent_choice = e->parent_choice};
    return d;
}

void space_make_blank(space_builder *s, size_t dimension)
{
    static const space_choice nothing = {0};
    s->dimensions[dimension].choice_count = 1;
    s->dimensions[dimension].choices = &nothing;
}

/* Where else a path is swept: "in line 3", "in line 1 of t.csv", "on the command line". */
static const char *elsewhere(space_builder *s, const config_place *here, const config_place *other)
{
    if (other->origin == ORIGIN_COMMAND_LINE) return "on the command line";
    const char *line = arena_printf(s->b->memory, "in line %d", other->line);
    if (here->file && other->file && strcmp(here->file, other->file) != 0)
        return arena_printf(s->b->memory, "%s of %s", line, other->file);
    return line;
}

size_t space_column_of(space_builder *s, const char *path, const config_place *key)
{
    for (size_t i = 0; i < s->column_count; i++) {
        if (strcmp(s->columns[i].path, path) != 0) continue;
        if (s->owners[i].group == s->group) return i;
        if (!s->owners[i].told)
            space_wrong(s, *key, path, "is swept twice (also %s): leave one of them out",
                        elsewhere(s, key, s->columns[i].key));
        s->owners[i].told = true;
        return NO_COLUMN;
    }
    size_t room = s->column_room;
    s->owners = space_grown(s->b->memory, s->owners, s->column_count, &room, sizeof *s->owners);
    s->columns =
        space_grown(s->b->memory, s->columns, s->column_count, &s->column_room, sizeof *s->columns);
    s->columns[s->column_count] = (space_column){path, key};
    s->owners[s->column_count] = (column_owner){.group = s->group};
    return s->column_count++;
}

const section_rule *space_rule(const char *path)
{
    return strcmp(path, "model.init") == 0 ? &section_init : section_find(path);
}

const char *space_whole_path(space_builder *s, const char *path, const config_node *value)
{
    const section_rule *rule = space_rule(path);
    const bool plain = value->kind == CONFIG_SCALAR && !config_is_null(value);
    return rule && plain ? space_join(s->b->memory, path, rule->first) : path;
}

static const config_node *absolute(space_builder *s, const config_node *value)
{
    if (value->kind == CONFIG_SCALAR)
        return config_new_scalar(s->b->memory, value->place,
                                 config_absolute_path(s->b->memory, value), true);
    config_node *list = config_new_sequence(s->b->memory, value->place);
    for (size_t i = 0; i < value->count; i++)
        config_append(s->b->memory, list,
                      config_merge(s->b->memory, NULL, absolute(s, value->items[i])));
    return list;
}

/* Only data sets are read from files; other plugins of a trial have none. */
static bool is_file(space_builder *s, const char *path, const config_node *value)
{
    if (strncmp(path, "dataset.", 8) != 0 || value->kind == CONFIG_MAPPING) return false;
    const slope_parameter *p = builder_parameter(s->b, s->context, path);
    return p && (p->type == SLOPE_PATH || p->type == SLOPE_PATHS);
}

void space_set(space_builder *s, setting_list *list, const char *path, const config_place *key,
               const config_node *value)
{
    path = space_whole_path(s, path, value);
    const size_t column = space_column_of(s, path, key);
    if (column == NO_COLUMN) return;
    if (is_file(s, path, value)) value = absolute(s, value);
    list->items =
        space_grown(s->b->memory, list->items, list->count, &list->room, sizeof *list->items);
    list->items[list->count++] = (space_setting){column, value, key};
}

const config_node *build_point(builder *b, const config_node *base, const space *s,
                               const double *point)
{
    config_node *over = config_new_mapping(b->memory, base->place);
    for (trial_section t = 0; t < TRIAL_SECTIONS; t++) {
        const char *key = trial_section_key(t);
        const config_node *section = space_section(s, point, key, b->memory);
        if (section)
            config_set(b->memory, over, key, section->place,
                       config_merge(b->memory, NULL, section));
    }
    return over->count ? config_overlay(b->memory, base, over, b->errors) : base;
}

void space_advance(space_builder *s, const space_choice *choice)
{
    const space_dimension one = {.choice_count = 1, .choices = choice, .parent = SLOPE_NO_PARENT};
    const space only = {
        .count = 1, .dimensions = &one, .column_count = s->column_count, .columns = s->columns};
    const double first = 0;
    s->context = build_point(s->b, s->context, &only, &first);
}

void space_add_choices(space_builder *s, const swept *e, const config_node *const *values,
                       size_t count)
{
    space_choice *choices = arena_alloc(s->b->memory, count * sizeof *choices);
    space_setting *settings = arena_alloc(s->b->memory, count * sizeof *settings);
    const bool plain = !space_rule(e->path) && strncmp(e->path, "dataset.", 8) != 0;
    const size_t column = plain ? space_column_of(s, e->path, e->key) : 0;
    for (size_t i = 0; i < count && column != NO_COLUMN; i++) {
        setting_list list = {&settings[i], 0, 1};
        if (plain) { /* most of all: many values of one parameter */
            settings[i] = (space_setting){column, values[i], e->key};
            list.count = 1;
        } else {
            space_set(s, &list, e->path, e->key, values[i]);
        }
        choices[i] = (space_choice){list.count, &settings[i]};
    }
    space_dimension *d = space_add(s, e);
    d->path = space_whole_path(s, e->path, values[0]);
    d->choice_count = count;
    d->choices = choices;
    space_advance(s, &choices[0]);
    space_watch(s, &choices[0]);
}
