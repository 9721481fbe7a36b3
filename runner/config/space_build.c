/* config/space_build.c: what reading a space needs again and again: dimensions, columns, settings,
 * and what the command line takes out. See space_build.h. */
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

/* The list with room for one more element. */
static void *grown(arena *a, void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room) return list;
    *room = *room ? 2 * *room : 4;
    void *more = arena_alloc(a, *room * size);
    if (count) memcpy(more, list, count * size);
    return more;
}

space_dimension *space_add(space_builder *s, const swept *e)
{
    s->dimensions = grown(s->b->memory, s->dimensions, s->count, &s->room, sizeof *s->dimensions);
    space_dimension *d = &s->dimensions[s->count++];
    *d = (space_dimension){.path = e->path,
                           .place = e->node->place,
                           .parent = e->parent,
                           .parent_choice = e->parent_choice};
    return d;
}

size_t space_column_of(space_builder *s, const char *path, config_place place)
{
    for (size_t i = 0; i < s->column_count; i++) {
        if (strcmp(s->columns[i].path, path) != 0) continue;
        if (s->owners[i].group != s->group && !s->owners[i].told) {
            s->owners[i].told = true;
            space_wrong(s, place, path, "is swept twice (also in line %d): leave one of them out",
                        s->columns[i].place.line);
        }
        return i;
    }
    size_t room = s->column_room;
    s->owners = grown(s->b->memory, s->owners, s->column_count, &room, sizeof *s->owners);
    s->columns =
        grown(s->b->memory, s->columns, s->column_count, &s->column_room, sizeof *s->columns);
    s->columns[s->column_count] = (space_column){path, place};
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

void space_set(space_builder *s, setting_list *list, const char *path, config_place place,
               const config_node *value)
{
    path = space_whole_path(s, path, value);
    if (is_file(s, path, value)) value = absolute(s, value);
    list->items = grown(s->b->memory, list->items, list->count, &list->room, sizeof *list->items);
    list->items[list->count++] = (space_setting){space_column_of(s, path, place), value};
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
    const size_t column = plain ? space_column_of(s, e->path, e->key_place) : 0;
    for (size_t i = 0; i < count; i++) {
        setting_list list = {&settings[i], 0, 1};
        if (plain) /* most of all: many values of one parameter */
            settings[i] = (space_setting){column, values[i]};
        else
            space_set(s, &list, e->path, e->key_place, values[i]);
        choices[i] = (space_choice){1, &settings[i]};
    }
    space_dimension *d = space_add(s, e);
    d->path = space_whole_path(s, e->path, values[0]);
    d->choice_count = count;
    d->choices = choices;
    space_advance(s, &choices[0]);
}

/* ---- the command line ------------------------------------------------------------------------ */

const config_node *space_overridden(const space_builder *s, const char *path)
{
    const char *dot = strrchr(path, '.');
    const config_node *node = config_find(s->root, path);
    if (!node && dot) { /* optimizer=adam sets optimizer.name */
        const char *parent = arena_strndup(s->b->memory, path, (size_t)(dot - path));
        const section_rule *rule = space_rule(parent);
        const config_node *given = config_find(s->root, parent);
        if (rule && strcmp(rule->first, dot + 1) == 0 && given && given->kind == CONFIG_SCALAR)
            node = given;
    }
    const bool leaf = node && node->kind != CONFIG_MAPPING;
    return leaf && node->place.origin == ORIGIN_COMMAND_LINE ? node : NULL;
}

bool space_taken_out(const space_builder *s, const char *path, const config_node *value)
{
    return value->place.origin != ORIGIN_COMMAND_LINE && space_overridden(s, path);
}
