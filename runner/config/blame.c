/* config/blame.c: see blame.h. */
#include "config/blame.h"

#include "base/files.h"

#include <stdlib.h>
#include <string.h>

/* ---- characters ------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Columns count characters, not bytes. */
static void step(const char **at, config_place *place)
{
    place->column++;
    if (**at == '\n') {
        place->line++;
        place->column = 1;
    }
    do ++*at;
    while ((**at & 0xC0) == 0x80);
}

/* The byte of the source at which a node begins; NULL if the file is shorter than that. */
static const char *find_start(const char *source, config_place where)
{
    config_place at = {.line = 1, .column = 1};
    while (*source && (at.line < where.line || at.column < where.column)) {
        if (at.line > where.line) return NULL;
        step(&source, &at);
    }
    return *source ? source : NULL;
}

/* Past an anchor or a tag, and past the head of a block (`|`, `>-` …); *quote is ' or " or 0. */
static void skip_head(const char **at, config_place *place, char *quote)
{
    while (**at == '&' || **at == '!') {
        while (**at && !is_space(**at)) step(at, place);
        while (is_space(**at)) step(at, place);
    }
    *quote = 0;
    if (**at == '\'' || **at == '"') {
        *quote = **at;
        step(at, place);
    } else if (**at == '|' || **at == '>') {
        while (**at && **at != '\n') step(at, place);
    }
}

/* Folding and indentation change only white space, so the text's k-th other character is the
 * source's k-th, where a doubled quote and an escape count as one. */
static bool find_character(const char *at, config_place *place, size_t number)
{
    char quote;
    skip_head(&at, place, &quote);
    for (;;) {
        while (is_space(*at)) step(&at, place);
        if (!*at) return false;
        const bool escape = quote == '"' && *at == '\\';
        const bool space = escape && (at[1] == 'n' || at[1] == 't' || at[1] == ' ' ||
                                      at[1] == '\n' || at[1] == '\r');
        const bool doubled = quote == '\'' && at[0] == '\'' && at[1] == '\'';
        if (!space && number-- == 0) return true;
        if ((escape && at[1]) || doubled) step(&at, place);
        step(&at, place);
    }
}

config_place config_place_of_byte(arena *a, const config_node *node, size_t offset)
{
    config_place place = node->place;
    unsigned char *bytes;
    size_t count, number = 0;
    failure unused;
    (void)a;
    if (place.origin != ORIGIN_FILE || !place.file || place.line < 1 ||
        node->kind != CONFIG_SCALAR || !file_read(place.file, &bytes, &count, &unused))
        return place;
    for (size_t i = 0; i < offset && node->text[i]; i++)
        number += !is_space(node->text[i]) && (node->text[i] & 0xC0) != 0x80;
    const char *start = find_start((const char *)bytes, place);
    config_place found = place;
    if (start && find_character(start, &found, number)) place = found;
    free(bytes);
    return place;
}

/* ---- complaints ------------------------------------------------------------------------------ */

blame config_blame(arena *a, const config_node *root, const char *section, const call_host *call)
{
    const char *path =
        *call->key ? arena_printf(a, "%s.%s", section, call->key) : arena_strdup(a, section);
    const config_node *node = config_find(root, path);
    const char *text =
        *call->text ? call->text : "the plugin refuses these values and says not why";
    blame b = {{ORIGIN_DEFAULT, NULL, 0, 0}, path, arena_strdup(a, text)};
    if (!node) {
        const config_node *whole = config_find(root, section);
        if (whole) b.place = whole->place;
        return b;
    }
    b.place = node->place;
    if (call->offset == SIZE_MAX) return b;
    b.place = config_place_of_byte(a, node, call->offset);
    if (b.place.origin != ORIGIN_FILE)
        b.text = arena_printf(a, "character %zu: %s", call->offset + 1, b.text);
    return b;
}

bool config_blame_failure(arena *a, const config_node *root, const char *section,
                          const call_host *call, failure *why)
{
    const blame b = config_blame(a, root, section, call);
    if (b.place.origin == ORIGIN_COMMAND_LINE)
        return failure_set(why, STATUS_CONFIG, "command line: %s: %s", b.path, b.text);
    if (b.place.origin == ORIGIN_FILE && b.place.file && b.place.line > 0)
        return failure_set(why, STATUS_CONFIG, "%s:%d:%d: %s: %s", b.place.file, b.place.line,
                           b.place.column, b.path, b.text);
    return failure_set(why, STATUS_CONFIG, "%s: %s", b.path, b.text);
}
