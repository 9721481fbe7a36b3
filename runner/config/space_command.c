/* config/space_command.c: what the command line takes out of a sweep. It wins over the file: what
 * it sets is no longer swept, and what it sweeps (`--sweep`) is swept by it alone, wherever the
 * file sweeps it: by itself, in an alternative, in a zip. See space.h and space_build.h. */
#include "config/space_build.h"

#include "config/bind_value.h"

#include <string.h>

/* ---- what it sets ---------------------------------------------------------------------------- */

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

/* ---- what it sweeps -------------------------------------------------------------------------- */

static void add_claim(space_builder *s, const char *path, bool below)
{
    s->claims =
        space_grown(s->b->memory, s->claims, s->claim_count, &s->claim_room, sizeof *s->claims);
    s->claims[s->claim_count++] = (claim){path, below};
}

/* The values of a path. A list of names (optimizer: [sgd, adam]) leaves the parameters to whoever
 * sweeps them, but no alternatives of the file, which have names; any other values of a section are
 * all of it. */
static void claim_values(space_builder *s, const char *path, const config_node *values)
{
    arena *a = s->b->memory;
    const section_rule *rule = space_rule(path);
    const char *dot = strrchr(path, '.');
    const bool list = values->kind == CONFIG_SEQUENCE;
    bool names = rule && rule->choice;
    for (size_t i = 0; i < (list ? values->count : 1); i++) {
        const config_node *value = list ? values->items[i] : values;
        names &= value->kind == CONFIG_SCALAR && !config_is_null(value);
    }
    add_claim(s, path, rule && !names);
    if (rule) add_claim(s, space_join(a, path, rule->first), false);
    const char *section = dot ? arena_strndup(a, path, (size_t)(dot - path)) : "";
    rule = space_rule(section);
    if (rule && rule->choice && strcmp(rule->first, dot + 1) == 0) add_claim(s, section, false);
}

static void claim_leaves(space_builder *s, const char *path, const config_node *node)
{
    if (node->kind == CONFIG_MAPPING && !space_is_range(node)) {
        for (size_t i = 0; i < node->count; i++)
            claim_leaves(s, space_join(s->b->memory, path, node->entries[i].key),
                         node->entries[i].value);
    } else if (node->place.origin == ORIGIN_COMMAND_LINE) {
        claim_values(s, path, node);
    }
}

void space_find_claims(space_builder *s, const char *const *settings)
{
    for (size_t i = 0; s->section && i < s->section->count; i++) {
        const config_entry *e = &s->section->entries[i];
        if (strcmp(e->key, "zip") == 0) {
            const bool list = e->value->kind == CONFIG_SEQUENCE;
            for (size_t k = 0; k < (list ? e->value->count : 1); k++)
                claim_leaves(s, "", list ? e->value->items[k] : e->value);
        } else if (!space_is_setting(e->key, settings)) {
            claim_leaves(s, e->key, e->value);
        }
    }
}

bool space_claimed(const space_builder *s, const char *path)
{
    for (size_t i = 0; i < s->claim_count; i++)
        if (strcmp(s->claims[i].path, path) == 0 ||
            (s->claims[i].below && space_is_below(path, s->claims[i].path)))
            return true;
    return false;
}

/* ---- both ------------------------------------------------------------------------------------ */

bool space_taken_out(const space_builder *s, const char *path, const config_node *value)
{
    return value->place.origin != ORIGIN_COMMAND_LINE &&
           (space_claimed(s, path) || space_overridden(s, path));
}

bool space_replaced(const space_builder *s, const char *path)
{
    for (size_t i = 0; i < s->claim_count; i++)
        if (space_is_below(path, s->claims[i].path)) return true;
    const char *section = arena_strndup(s->b->memory, path, strcspn(path, "."));
    const section_rule *rule = section_find(section);
    return rule && rule->choice &&
           space_overridden(s, space_join(s->b->memory, section, rule->first));
}
