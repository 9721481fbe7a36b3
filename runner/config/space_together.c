/* config/space_together.c: values that go side by side: `zip`, and the rows of a sampler that
 * brings its own. See space.h and space_build.h. */
#include "config/space_build.h"

#include "config/parse.h"

#include <string.h>

/* ---- zip ------------------------------------------------------------------------------------- */

typedef struct zipped {
    const char *path;
    const config_place *key;
    const config_node *const *values;
} zipped;

/* Of lists of unequal length the first values go together, for what else there is to tell. */
static size_t collect(space_builder *s, const char *path, const config_node *mapping, zipped *all,
                      size_t count, size_t *length, config_node *record)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const config_entry *e = &mapping->entries[i];
        const char *below = space_join(s->b->memory, path, e->key);
        if (space_has_paths(s, below, e->value)) {
            count = collect(s, below, e->value, all, count, length, record);
            continue;
        }
        if (space_taken_out(s, below, e->value)) continue;
        const swept at = {below, &e->key_place, e->value, SLOPE_NO_PARENT, 0};
        size_t own;
        const config_node *const *values = space_values(s, &at, &own);
        if (!values) {
            space_lose(s, below);
            continue;
        }
        if (count && own != *length)
            space_wrong(s, e->value->place, "zip",
                        "%s has %zu value%s and %s has %zu: what goes side by side has equally "
                        "many",
                        below, own, own == 1 ? "" : "s", all[0].path, *length);
        if (!count || own < *length) *length = own;
        all[count++] = (zipped){below, &e->key_place, values};
        config_set(s->b->memory, record, below, e->key_place, e->value);
    }
    return count;
}

static config_node *read_zip(space_builder *s, const config_node *item)
{
    arena *a = s->b->memory;
    config_node *record = config_new_mapping(a, item->place);
    if (item->kind != CONFIG_MAPPING) {
        space_wrong(s, item->place, "zip",
                    "expected a mapping from paths to lists, as in {train.batch_size: [32, 64], "
                    "train.epochs: [5, 10]}");
        s->lost_any = true;
        return NULL;
    }
    s->group++;
    size_t length = 0;
    zipped *all = arena_alloc(a, space_count_leaves(item) * sizeof *all);
    const size_t count = collect(s, "", item, all, 0, &length, record);
    if (!count) return NULL;
    space_choice *choices = arena_alloc(a, length * sizeof *choices);
    const char *path = all[0].path;
    for (size_t i = 0; i < length; i++) {
        setting_list settings = {0};
        for (size_t k = 0; k < count; k++)
            space_set(s, &settings, all[k].path, all[k].key, all[k].values[i]);
        choices[i] = (space_choice){settings.count, settings.items};
    }
    for (size_t k = 1; k < count; k++) path = arena_printf(a, "%s and %s", path, all[k].path);
    const swept at = {path, &item->place, item, SLOPE_NO_PARENT, 0};
    space_dimension *d = space_add(s, &at);
    d->choice_count = length;
    d->choices = choices;
    space_advance(s, &choices[0]);
    space_watch(s, &choices[0]);
    return record;
}

void space_read_zips(space_builder *s, const config_entry *e, config_node *record)
{
    const config_node *list = e->value;
    const size_t count = list->kind == CONFIG_SEQUENCE ? list->count : 1;
    config_node *stays = config_new_sequence(s->b->memory, list->place);
    for (size_t i = 0; i < count; i++) {
        config_node *one = read_zip(s, list->kind == CONFIG_SEQUENCE ? list->items[i] : list);
        if (one) config_append(s->b->memory, stays, one);
    }
    if (stays->count) config_set(s->b->memory, record, e->key, e->key_place, stays);
}

/* ---- rows of a sampler ----------------------------------------------------------------------- */

void space_read_rows(space_builder *s, const sampler_rows *rows, const config_node *place)
{
    space_choice *choices = arena_alloc(s->b->memory, rows->rows * sizeof *choices);
    const config_place first = {ORIGIN_FILE, rows->file, 1, 1}; /* the line that names the paths */
    const config_place *key =
        rows->file ? arena_copy(s->b->memory, &first, sizeof first) : &place->place;
    s->group++;
    for (size_t r = 0; r < rows->rows; r++) {
        setting_list settings = {0};
        config_place at = place->place;
        if (rows->file)
            at = (config_place){ORIGIN_FILE, rows->file, rows->lines ? (int)rows->lines[r] : 0, 1};
        for (size_t c = 0; c < rows->columns; c++) {
            const char *cell = rows->cells[r * rows->columns + c], *path = rows->paths[c];
            const config_node *value =
                cell ? config_parse(s->b->memory, cell, strlen(cell), at, path, s->b->errors)
                     : NULL;
            if (value && !space_taken_out(s, space_whole_path(s, path, value), value))
                space_set(s, &settings, path, key, value);
        }
        choices[r] = (space_choice){settings.count, settings.items};
        space_watch(s, &choices[r]);
    }
    const swept e = {"", key, place, SLOPE_NO_PARENT, 0};
    space_dimension *d = space_add(s, &e);
    d->choice_count = rows->rows;
    d->choices = choices;
}
