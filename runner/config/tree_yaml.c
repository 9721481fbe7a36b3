/* config/tree_yaml.c: writing a tree as YAML text. libyaml decides how a scalar must be quoted; the
 * comments with origins, which it cannot write, are added to its lines afterwards. */
#include "config/tree.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

typedef struct writer {
    arena *memory;
    yaml_emitter_t emitter;
    bool one_line; /* each scalar on one line, so that a comment can follow it */
    bool failed;
    char *text; /* in memory, grows by copying */
    size_t length, capacity;
} writer;

static int append(void *data, unsigned char *bytes, size_t count)
{
    writer *w = data;
    if (w->length + count + 1 > w->capacity) {
        const size_t capacity = 2 * (w->length + count + 1);
        char *grown = arena_alloc(w->memory, capacity);
        if (w->length) memcpy(grown, w->text, w->length);
        w->text = grown;
        w->capacity = capacity;
    }
    memcpy(w->text + w->length, bytes, count);
    w->length += count;
    w->text[w->length] = '\0';
    return 1;
}

static void emit(writer *w, yaml_event_t *event, int made)
{
    if (!made || !yaml_emitter_emit(&w->emitter, event)) w->failed = true;
}

/* ---- scalars --------------------------------------------------------------------------------- */

/* Plain text that YAML would take for something other than text. */
static bool needs_quotes(const char *text)
{
    double number;
    bool truth;
    return text_is_null(text) || text_to_number(text, &number) || text_to_bool(text, &truth) ||
           strcmp(text, "<<") == 0;
}

/* libyaml refuses bytes that are not UTF-8 (the name of a folder may hold such). Each becomes '?':
 * the record is readable, even if that one path in it is not usable. */
static const char *as_utf8(writer *w, const char *text)
{
    yaml_event_t probe;
    yaml_char_t *value = (yaml_char_t *)(uintptr_t)text;
    if (yaml_scalar_event_initialize(&probe, NULL, NULL, value, -1, 1, 1, YAML_ANY_SCALAR_STYLE)) {
        yaml_event_delete(&probe);
        return text;
    }
    char *ascii = arena_strdup(w->memory, text);
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    return ascii;
}

static void write_scalar(writer *w, const char *text, bool quoted)
{
    const bool null = !quoted && text_is_null(text);
    yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
    if (null) text = "null";
    if (!null && strchr(text, '\n'))
        style = w->one_line ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_LITERAL_SCALAR_STYLE;
    else if (quoted && needs_quotes(text))
        style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    text = as_utf8(w, text);
    yaml_event_t event;
    emit(w, &event,
         yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)(uintptr_t)text, -1, 1, 1,
                                      style));
}

/* ---- structure ------------------------------------------------------------------------------- */

/* Lists of scalars stand on one line: [100, 50]. */
static bool is_flow(const config_node *sequence)
{
    for (size_t i = 0; i < sequence->count; i++)
        if (sequence->items[i]->kind != CONFIG_SCALAR) return false;
    return true;
}

static void write_node(writer *w, const config_node *node)
{
    yaml_event_t event;
    if (node->kind == CONFIG_SCALAR) {
        write_scalar(w, node->text, node->quoted);
    } else if (node->kind == CONFIG_SEQUENCE) {
        const yaml_sequence_style_t style =
            is_flow(node) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
        emit(w, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style));
        for (size_t i = 0; i < node->count; i++) write_node(w, node->items[i]);
        emit(w, &event, yaml_sequence_end_event_initialize(&event));
    } else {
        emit(w, &event,
             yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
        for (size_t i = 0; i < node->count; i++) {
            write_scalar(w, node->entries[i].key, true);
            write_node(w, node->entries[i].value);
        }
        emit(w, &event, yaml_mapping_end_event_initialize(&event));
    }
}

static char *write_tree(arena *a, const config_node *root, bool one_line)
{
    writer w = {.memory = a, .one_line = one_line};
    if (!yaml_emitter_initialize(&w.emitter)) out_of_memory(sizeof w.emitter);
    yaml_emitter_set_output(&w.emitter, append, &w);
    yaml_emitter_set_unicode(&w.emitter, 1);
    yaml_emitter_set_width(&w.emitter, -1);
    yaml_event_t event;
    emit(&w, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&w, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    write_node(&w, root);
    emit(&w, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&w, &event, yaml_stream_end_event_initialize(&event));
    if (w.failed) {
        fprintf(stderr, "slope: cannot write YAML: %s\n", w.emitter.problem);
        abort(); /* a tree is always text that can be written: this is a bug */
    }
    yaml_emitter_delete(&w.emitter);
    return w.text;
}

/* ---- origins --------------------------------------------------------------------------------- */

/* The place that belongs to each line of the text, in order; NULL for a line that only opens a
 * block. */
typedef struct line_places {
    arena *memory;
    const config_place **list;
    size_t count, capacity;
} line_places;

static void add_line(line_places *lines, const config_place *place)
{
    if (lines->count == lines->capacity) {
        const size_t capacity = lines->capacity ? 2 * lines->capacity : 64;
        const config_place **grown = arena_alloc(lines->memory, capacity * sizeof *grown);
        if (lines->count) memcpy(grown, lines->list, lines->count * sizeof *grown);
        lines->list = grown;
        lines->capacity = capacity;
    }
    lines->list[lines->count++] = place;
}

static bool is_block(const config_node *node)
{
    return node->kind == CONFIG_MAPPING ? node->count > 0
                                        : node->kind == CONFIG_SEQUENCE && !is_flow(node);
}

/* Mirrors write_node: an item of a sequence begins on the line of its dash. */
static void collect_lines(line_places *lines, const config_node *node)
{
    if (!is_block(node)) {
        add_line(lines, &node->place);
    } else if (node->kind == CONFIG_SEQUENCE) {
        for (size_t i = 0; i < node->count; i++) collect_lines(lines, node->items[i]);
    } else {
        for (size_t i = 0; i < node->count; i++) {
            if (is_block(node->entries[i].value)) add_line(lines, NULL);
            collect_lines(lines, node->entries[i].value);
        }
    }
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

static const char *place_text(arena *a, const config_place *place)
{
    if (place->origin == ORIGIN_COMMAND_LINE) return "command line";
    if (place->origin == ORIGIN_DEFAULT)
        return place->file ? arena_printf(a, "default of %s", place->file) : "default";
    return arena_printf(a, "%s:%d", place->file ? place->file : "?", place->line);
}

enum { WIDEST_COLUMN = 48 }; /* longer lines push only their own comment to the right */

static char *add_origins(arena *a, const config_node *root, const char *yaml)
{
    line_places lines = {.memory = a};
    collect_lines(&lines, root);
    /* A key too long for one line ("? key") is the one thing that breaks the count. */
    if (lines.count != count_lines(yaml)) return arena_strdup(a, yaml);
    size_t column = 0;
    for (const char *line = yaml; *line; line = strchr(line, '\n') + 1) {
        const size_t length = strcspn(line, "\n");
        if (length > column && length <= WIDEST_COLUMN) column = length;
    }
    writer w = {.memory = a};
    for (size_t i = 0; i < lines.count; i++) {
        const int length = (int)strcspn(yaml, "\n");
        char *line = lines.list[i] ? arena_printf(a, "%-*.*s  # %s\n", (int)column, length, yaml,
                                                  place_text(a, lines.list[i]))
                                   : arena_printf(a, "%.*s\n", length, yaml);
        append(&w, (unsigned char *)line, strlen(line));
        yaml += length + 1;
    }
    return w.text;
}

char *config_to_yaml(arena *a, const config_node *root, bool with_origins)
{
    char *yaml = write_tree(a, root, with_origins);
    return with_origins ? add_origins(a, root, yaml) : yaml;
}
