/* config/changes.c: see changes.h. */
#include "config/changes.h"

#include "base/text.h"
#include "config/space.h"

#include <string.h>

enum { MOST_LINES = 10, LONGEST = 48, AHEAD = 12 };

typedef struct comparing {
    arena *memory;
    const char *const *ignored;
    const char *lines;
    size_t count;
} comparing;

/* ---- values ---------------------------------------------------------------------------------- */

static bool same_scalar(const config_node *one, const config_node *other)
{
    double a, b;
    if (strcmp(one->text, other->text) == 0) return true;
    if (!one->quoted && !other->quoted && text_to_number(one->text, &a) &&
        text_to_number(other->text, &b))
        return a == b;
    const char *name = strrchr(one->text, '/'), *second = strrchr(other->text, '/');
    return *one->text == '/' && *other->text == '/' && strcmp(name, second) == 0;
}

static bool same(const config_node *one, const config_node *other)
{
    if (one->kind != other->kind || one->count != other->count) return false;
    if (one->kind == CONFIG_SCALAR) return same_scalar(one, other);
    for (size_t i = 0; i < one->count; i++) {
        const bool mapping = one->kind == CONFIG_MAPPING;
        if (mapping && strcmp(one->entries[i].key, other->entries[i].key) != 0) return false;
        if (!same(mapping ? one->entries[i].value : one->items[i],
                  mapping ? other->entries[i].value : other->items[i]))
            return false;
    }
    return true;
}

static bool is_within_character(char c)
{
    return (c & 0xC0) == 0x80;
}

/* At most LONGEST bytes of a text on one line, from `first` on, "…" where something is left out. */
static const char *cut(arena *a, const char *text, size_t first)
{
    size_t length = strlen(text);
    if (length <= LONGEST) first = 0;
    while (first && is_within_character(text[first])) first--;
    char *part = arena_strdup(a, text + first);
    length -= first;
    const bool longer = length > LONGEST;
    if (longer) {
        length = LONGEST;
        while (is_within_character(part[length])) length--;
        part[length] = '\0';
    }
    for (char *c = part; *c; c++)
        if (*c == '\n' || *c == '\t') *c = ' ';
    return arena_printf(a, "%s%s%s", first ? "…" : "", part, longer ? "…" : "");
}

/* Where long texts begin to differ, with a little of what goes before. */
static size_t first_difference(const char *one, const char *other)
{
    size_t at = 0;
    while (one[at] && one[at] == other[at]) at++;
    return at > AHEAD ? at - AHEAD : 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool is_ignored(const comparing *c, const char *path)
{
    if (strncmp(path, "trials.", 7) == 0 && strchr(path + 7, '.')) path = strchr(path + 7, '.') + 1;
    for (const char *const *p = c->ignored; p && *p; p++) {
        const size_t length = strlen(*p);
        if (strncmp(path, *p, length) == 0 && (path[length] == '.' || !path[length])) return true;
    }
    return false;
}

static void add_line(comparing *c, const char *path, const char *text)
{
    if (is_ignored(c, path)) return;
    if (c->count++ < MOST_LINES)
        c->lines = arena_printf(c->memory, "%s  %s: %s\n", c->lines, path, text);
}

static void add_change(comparing *c, const char *path, const config_node *before,
                       const config_node *now)
{
    arena *a = c->memory;
    const char *old = space_text(before, a), *new = space_text(now, a);
    const size_t first = first_difference(old, new);
    add_line(c, path, arena_printf(a, "%s -> %s", cut(a, old, first), cut(a, new, first)));
}

static const char added[] = "added, ", removed[] = "removed, was ";

/* What stands on one side only. */
static void add_single(comparing *c, const char *path, const char *how, const config_node *node)
{
    const char *text = cut(c->memory, space_text(node, c->memory), 0);
    add_line(c, path, arena_printf(c->memory, "%s%s", how, text));
}

static void compare(comparing *c, const char *path, const config_node *before,
                    const config_node *now);

static void compare_mappings(comparing *c, const char *path, const config_node *before,
                             const config_node *now)
{
    size_t last = 0;
    bool ordered = true;
    for (size_t i = 0; i < before->count; i++) {
        const char *key = before->entries[i].key, *below = space_join(c->memory, path, key);
        size_t place = 0;
        while (place < now->count && strcmp(now->entries[place].key, key) != 0) place++;
        if (place == now->count) {
            add_single(c, below, removed, before->entries[i].value);
            continue;
        }
        ordered &= is_ignored(c, below) || place >= last;
        if (!is_ignored(c, below)) last = place;
        compare(c, below, before->entries[i].value, now->entries[place].value);
    }
    for (size_t i = 0; i < now->count; i++)
        if (!config_get(before, now->entries[i].key))
            add_single(c, space_join(c->memory, path, now->entries[i].key), added,
                       now->entries[i].value);
    if (!ordered && strncmp(path, "sweep", 5) == 0)
        add_line(c, path, "its keys stand in another order, which numbers the trials");
}

static bool has_mappings(const config_node *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->kind == CONFIG_MAPPING) return true;
    return false;
}

/* Item by item where that tells more than the lists themselves. */
static void compare_lists(comparing *c, const char *path, const config_node *before,
                          const config_node *now)
{
    const bool items = has_mappings(before) || has_mappings(now);
    const bool few = strlen(space_text(before, c->memory)) <= LONGEST &&
                     strlen(space_text(now, c->memory)) <= LONGEST;
    if (!items && (few || before->count != now->count)) {
        add_change(c, path, before, now);
        return;
    }
    const size_t most = before->count > now->count ? before->count : now->count;
    for (size_t i = 0; i < most; i++) {
        const char *below = arena_printf(c->memory, "%s.%zu", path, i);
        if (i < before->count && i < now->count)
            compare(c, below, before->items[i], now->items[i]);
        else if (i < before->count)
            add_single(c, below, removed, before->items[i]);
        else
            add_single(c, below, added, now->items[i]);
    }
}

static void compare(comparing *c, const char *path, const config_node *before,
                    const config_node *now)
{
    if (same(before, now)) return;
    if (before->kind == CONFIG_MAPPING && now->kind == CONFIG_MAPPING)
        compare_mappings(c, path, before, now);
    else if (before->kind == CONFIG_SEQUENCE && now->kind == CONFIG_SEQUENCE)
        compare_lists(c, path, before, now);
    else
        add_change(c, path, before, now);
}

const char *config_changes(arena *a, const config_node *before, const config_node *now,
                           const char *const *ignored)
{
    comparing c = {.memory = a, .ignored = ignored, .lines = ""};
    compare(&c, "", before, now);
    if (c.count <= MOST_LINES) return c.lines;
    return arena_printf(a, "%s  and %zu more\n", c.lines, c.count - MOST_LINES);
}
