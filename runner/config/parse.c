/* config/parse.c: see parse.h. Recursive descent over libyaml's events.
 *
 * A syntax error ends the parse, as nothing after it can be trusted; everything else (duplicate
 * keys, unknown tags, …) is recorded and read over, so that all such errors come out at once. */
#include "config/parse.h"

#include <stdint.h>
#include <string.h>

#include <yaml.h>

enum { MAX_DEPTH = 64, MAX_NODES = 1000000 };

typedef struct anchor {
    struct anchor *older;
    const char *name;
    config_node *node; /* NULL while the node is still being read */
    size_t nodes;      /* number of nodes in it, aliases expanded */
    int height;        /* levels below it */
} anchor;

/* Where the parser is, for the path in messages. */
typedef struct frame {
    const struct frame *parent;
    const char *key; /* NULL: item `index` of a sequence */
    size_t index;
} frame;

typedef struct parser {
    arena *memory;
    diagnostics *errors;
    yaml_parser_t yaml;
    const char *text; /* the whole input */
    config_place where;
    const char *path;
    anchor *anchors;
    size_t nodes; /* read so far, aliases expanded */
    int deepest;  /* level that was reached since it was last set */
    bool stopped; /* syntax error or a limit: give up */
} parser;

static config_node *parse_node(parser *p, yaml_event_t *event, const frame *at, int depth);

static config_place place_of(const parser *p, yaml_mark_t mark)
{
    config_place place = p->where;
    if (place.origin != ORIGIN_FILE) return place;
    place.column = (int)mark.column + (mark.line ? 1 : place.column);
    place.line += (int)mark.line;
    return place;
}

static const char *path_of(const parser *p, const frame *at)
{
    if (!at) return p->path;
    const char *parent = path_of(p, at->parent);
    const char *dot = parent ? "." : "";
    if (!parent) parent = "";
    if (at->key) return arena_printf(p->memory, "%s%s%s", parent, dot, at->key);
    return arena_printf(p->memory, "%s%s%zu", parent, dot, at->index);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Bytes that are not UTF-8 are reported by libyaml with their offset alone. */
static yaml_mark_t mark_of_byte(const char *text, size_t offset)
{
    yaml_mark_t mark = {.index = offset};
    for (size_t i = 0; i < offset; i++) {
        mark.column++;
        if (text[i] == '\n') mark.line++, mark.column = 0;
    }
    return mark;
}

static void report_syntax(parser *p)
{
    const yaml_parser_t *y = &p->yaml;
    p->stopped = true;
    if (y->error == YAML_MEMORY_ERROR) out_of_memory(0);
    const char *problem = y->problem ? y->problem : "not YAML";
    if (y->error == YAML_READER_ERROR) {
        const yaml_mark_t mark = mark_of_byte(p->text, y->problem_offset);
        diagnostics_add(p->errors, STATUS_CONFIG, place_of(p, mark), p->path, "YAML syntax: %s",
                        problem);
        return;
    }
    const config_place place = place_of(p, y->problem_mark);
    if (y->context && place.origin == ORIGIN_FILE && y->context_mark.line != y->problem_mark.line)
        diagnostics_add(p->errors, STATUS_CONFIG, place, p->path,
                        "YAML syntax: %s %s that began in line %zu", problem, y->context,
                        y->context_mark.line + 1);
    else if (y->context)
        diagnostics_add(p->errors, STATUS_CONFIG, place, p->path, "YAML syntax: %s %s", problem,
                        y->context);
    else
        diagnostics_add(p->errors, STATUS_CONFIG, place, p->path, "YAML syntax: %s", problem);
}

static bool next(parser *p, yaml_event_t *event)
{
    if (p->stopped) return false;
    if (yaml_parser_parse(&p->yaml, event)) return true;
    report_syntax(p);
    return false;
}

static void complain(parser *p, config_place place, const frame *at, const char *text)
{
    diagnostics_add(p->errors, STATUS_CONFIG, place, path_of(p, at), "%s", text);
}

/* Counts nodes and depth; reports once and stops where a limit is passed. */
static bool within_limits(parser *p, config_place place, const frame *at, size_t nodes, int depth)
{
    p->nodes += nodes;
    if (depth > p->deepest) p->deepest = depth;
    if (p->nodes <= MAX_NODES && depth <= MAX_DEPTH) return true;
    p->stopped = true;
    if (depth > MAX_DEPTH)
        complain(p, place, at, "nested deeper than 64 levels");
    else
        complain(p, place, at, "more than 1000000 values once aliases are expanded");
    return false;
}

/* ---- anchors --------------------------------------------------------------------------------- */

static anchor *open_anchor(parser *p, const yaml_char_t *name)
{
    if (!name) return NULL;
    anchor *fresh = arena_alloc(p->memory, sizeof *fresh);
    fresh->name = arena_strdup(p->memory, (const char *)name);
    fresh->older = p->anchors;
    p->anchors = fresh;
    return fresh;
}

/* The latest anchor of a name counts, as YAML wants it. */
static config_node *parse_alias(parser *p, const char *name, config_place place, const frame *at,
                                int depth)
{
    const anchor *found = p->anchors;
    while (found && strcmp(found->name, name) != 0) found = found->older;
    if (found && found->node) {
        within_limits(p, place, at, found->nodes, depth + found->height);
        return found->node;
    }
    diagnostics_add(p->errors, STATUS_CONFIG, place, path_of(p, at),
                    found ? "alias *%s stands inside the value that it names"
                          : "alias *%s names no anchor above it",
                    name);
    return config_new_scalar(p->memory, place, "", false);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void check_tag(parser *p, const yaml_char_t *tag, const char *kind, config_place place,
                      const frame *at)
{
    if (!tag || strcmp((const char *)tag, kind) == 0) return;
    diagnostics_add(p->errors, STATUS_CONFIG, place, path_of(p, at), "unknown tag '%s'",
                    (const char *)tag);
}

/* A tag decides whether a scalar is text; otherwise its quotes do. */
static config_node *parse_scalar(parser *p, const yaml_event_t *event, config_place place,
                                 const frame *at)
{
    const char *text = (const char *)event->data.scalar.value;
    const char *tag = (const char *)event->data.scalar.tag;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (strlen(text) != event->data.scalar.length) complain(p, place, at, "text holds a zero byte");
    static const char *const plain[] = {YAML_INT_TAG, YAML_FLOAT_TAG, YAML_BOOL_TAG, YAML_NULL_TAG};
    for (size_t i = 0; tag && i < sizeof plain / sizeof *plain; i++) {
        if (strcmp(tag, plain[i]) != 0) continue;
        tag = NULL;
        quoted = false;
    }
    if (tag) {
        const bool unspecific = strcmp(tag, "!") == 0;
        if (!unspecific) check_tag(p, (const yaml_char_t *)tag, YAML_STR_TAG, place, at);
        quoted = true;
    }
    return config_new_scalar(p->memory, place, text, quoted);
}

static config_node *parse_sequence(parser *p, config_place place, const frame *at, int depth)
{
    config_node *sequence = config_new_sequence(p->memory, place);
    yaml_event_t event;
    while (next(p, &event)) {
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            break;
        }
        const frame below = {at, NULL, sequence->count};
        config_node *item = parse_node(p, &event, &below, depth + 1);
        if (item) config_append(p->memory, sequence, item);
    }
    return sequence;
}

static void set_once(parser *p, config_node *mapping, const char *key, config_place place,
                     config_node *value, const frame *at)
{
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->entries[i].key, key) != 0) continue;
        diagnostics_add(p->errors, STATUS_CONFIG, place, path_of(p, at),
                        "key given twice; it stands in line %d already",
                        mapping->entries[i].key_place.line);
        return;
    }
    config_set(p->memory, mapping, key, place, value);
}

/* `<<: *a` and `<<: [*a, *b]`: keys that the mapping does not give itself, the first source first
 * (https://yaml.org/type/merge.html). Merging is shallow. */
static void merge_keys(parser *p, config_node *mapping, const config_node *sources, const frame *at)
{
    const size_t count = sources->kind == CONFIG_SEQUENCE ? sources->count : 1;
    for (size_t s = 0; s < count; s++) {
        const config_node *source = sources->kind == CONFIG_SEQUENCE ? sources->items[s] : sources;
        if (source->kind != CONFIG_MAPPING) {
            complain(p, source->place, at, "a merge key needs a mapping or a list of mappings");
            continue;
        }
        for (size_t i = 0; i < source->count; i++) {
            const config_entry *e = &source->entries[i];
            if (!config_get(mapping, e->key))
                config_set(p->memory, mapping, e->key, e->key_place, e->value);
        }
    }
}

/* Text of a key, or NULL: only scalars can be keys. The event stays the caller's. */
static const char *parse_key(parser *p, const yaml_event_t *event, const frame *at)
{
    const config_place place = place_of(p, event->start_mark);
    if (event->type == YAML_SCALAR_EVENT) return parse_scalar(p, event, place, at)->text;
    if (event->type == YAML_ALIAS_EVENT) {
        const config_node *key =
            parse_alias(p, (const char *)event->data.alias.anchor, place, at, 0);
        if (key->kind == CONFIG_SCALAR) return key->text;
    }
    complain(p, place, at, "a key must be a name, not a list or a mapping");
    p->stopped = true;
    return NULL;
}

static config_node *parse_mapping(parser *p, config_place place, const frame *at, int depth)
{
    config_node *mapping = config_new_mapping(p->memory, place);
    const config_node *sources = NULL;
    yaml_event_t event;
    while (next(p, &event)) {
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            break;
        }
        const char *key = parse_key(p, &event, at);
        const config_place key_place = place_of(p, event.start_mark);
        const bool merge = key && strcmp(key, "<<") == 0 && event.type == YAML_SCALAR_EVENT &&
                           event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        yaml_event_delete(&event);
        if (!key || !next(p, &event)) break;
        const frame below = {at, key, 0};
        config_node *value = parse_node(p, &event, &below, depth + 1);
        if (!value) break;
        if (merge && sources)
            complain(p, key_place, &below, "merge key given twice; write <<: [*one, *other]");
        else if (merge)
            sources = value;
        else
            set_once(p, mapping, key, key_place, value, &below);
    }
    if (sources) merge_keys(p, mapping, sources, at);
    return mapping;
}

/* The node that begins with `event`, which is released. NULL only when the parse has stopped. */
static config_node *parse_node(parser *p, yaml_event_t *event, const frame *at, int depth)
{
    const config_place place = place_of(p, event->start_mark);
    const size_t nodes = p->nodes;
    const int deepest = p->deepest;
    config_node *node = NULL;
    anchor *named = NULL;
    p->deepest = depth;
    if (event->type == YAML_ALIAS_EVENT) {
        node = parse_alias(p, (const char *)event->data.alias.anchor, place, at, depth);
    } else if (within_limits(p, place, at, 1, depth)) {
        if (event->type == YAML_SCALAR_EVENT) {
            named = open_anchor(p, event->data.scalar.anchor);
            node = parse_scalar(p, event, place, at);
        } else if (event->type == YAML_SEQUENCE_START_EVENT) {
            named = open_anchor(p, event->data.sequence_start.anchor);
            check_tag(p, event->data.sequence_start.tag, YAML_SEQ_TAG, place, at);
            node = parse_sequence(p, place, at, depth);
        } else {
            named = open_anchor(p, event->data.mapping_start.anchor);
            check_tag(p, event->data.mapping_start.tag, YAML_MAP_TAG, place, at);
            node = parse_mapping(p, place, at, depth);
        }
    }
    if (named) {
        named->node = node;
        named->nodes = p->nodes - nodes;
        named->height = p->deepest - depth;
    }
    if (deepest > p->deepest) p->deepest = deepest;
    yaml_event_delete(event);
    return p->stopped ? NULL : node;
}

/* ---- document -------------------------------------------------------------------------------- */

static config_node *parse_stream(parser *p)
{
    config_node *root = NULL;
    yaml_event_t event;
    while (next(p, &event)) {
        const yaml_event_type_t type = event.type;
        const config_place place = place_of(p, event.start_mark);
        const bool wrapper = type == YAML_STREAM_START_EVENT || type == YAML_STREAM_END_EVENT ||
                             type == YAML_DOCUMENT_START_EVENT || type == YAML_DOCUMENT_END_EVENT;
        if (type == YAML_DOCUMENT_START_EVENT && root) {
            complain(p, place, NULL, "a second document begins here; a file holds one");
            p->stopped = true;
        }
        if (wrapper)
            yaml_event_delete(&event);
        else
            root = parse_node(p, &event, NULL, 0);
        if (type == YAML_STREAM_END_EVENT) break;
    }
    if (root || p->stopped) return root;
    return config_new_scalar(p->memory, place_of(p, (yaml_mark_t){0, 0, 0}), "", false);
}

config_node *config_parse(arena *a, const char *text, size_t length, config_place where,
                          const char *path, diagnostics *errors)
{
    parser p = {.memory = a, .errors = errors, .text = text, .where = where, .path = path};
    const size_t before = diagnostics_count(errors);
    if (!yaml_parser_initialize(&p.yaml)) out_of_memory(sizeof p.yaml);
    yaml_parser_set_input_string(&p.yaml, (const unsigned char *)text, length);
    config_node *root = parse_stream(&p);
    yaml_parser_delete(&p.yaml);
    return diagnostics_count(errors) == before ? root : NULL;
}
