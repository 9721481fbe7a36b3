/* sweep/json.c: see json.h. */
#include "sweep/json.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

json_t *json_read(const char *line, size_t length, failure *why)
{
    json_error_t error;
    json_t *value = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value)
        failure_set(why, STATUS_CONFIG, "not JSON: %s (column %d)", error.text, error.column);
    return value;
}

static config_node *scalar_to_config(arena *a, const json_t *value, config_place place)
{
    char text[32];
    switch (json_typeof(value)) {
    case JSON_STRING:
        return config_new_scalar(a, place, json_string_value(value), true);
    case JSON_INTEGER:
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        return config_new_scalar(a, place, text, false);
    case JSON_REAL:
        return config_new_scalar(a, place, text_from_number(text, json_real_value(value)), false);
    case JSON_TRUE:
    case JSON_FALSE:
        return config_new_scalar(a, place, json_is_true(value) ? "true" : "false", false);
    default:
        return config_new_scalar(a, place, "null", false);
    }
}

config_node *json_to_config(arena *a, const json_t *value, config_place place)
{
    if (json_is_array(value)) {
        config_node *list = config_new_sequence(a, place);
        for (size_t i = 0; i < json_array_size(value); i++)
            config_append(a, list, json_to_config(a, json_array_get(value, i), place));
        return list;
    }
    if (!json_is_object(value)) return scalar_to_config(a, value, place);
    config_node *mapping = config_new_mapping(a, place);
    json_t *object = (json_t *)(uintptr_t)value; /* iterating changes nothing */
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        config_set(a, mapping, arena_strdup(a, json_object_iter_key(at)), place,
                   json_to_config(a, json_object_iter_value(at), place));
    return mapping;
}

/* ---- writing --------------------------------------------------------------------------------- */

void json_write_number(FILE *out, double value)
{
    char text[32];
    fputs(isfinite(value) ? text_from_number(text, value) : "null", out);
}

/* Plugins may say anything; what is no UTF-8 must not spoil the line. */
static json_t *string_of(const char *text)
{
    json_t *string = json_string(text);
    if (string) return string;
    char *plain = strdup(text);
    if (!plain) out_of_memory(strlen(text));
    for (char *at = plain; *at; at++)
        if ((unsigned char)*at >= 0x80) *at = '?';
    string = json_string(plain);
    free(plain);
    return string;
}

static void write_value(FILE *out, const json_t *value)
{
    if (json_dumpf(value, out, JSON_ENCODE_ANY | JSON_COMPACT) != 0) fputs("null", out);
}

void json_write_text(FILE *out, const char *text)
{
    json_t *value = text ? string_of(text) : json_null();
    write_value(out, value);
    json_decref(value);
}

void json_write_scalar(FILE *out, const json_t *value)
{
    if (json_is_real(value))
        json_write_number(out, json_real_value(value));
    else
        write_value(out, value);
}

static void write_scalar_node(FILE *out, const config_node *node)
{
    double number;
    bool truth;
    if (!node->quoted && text_is_null(node->text))
        fputs("null", out);
    else if (!node->quoted && text_to_bool(node->text, &truth))
        fputs(truth ? "true" : "false", out);
    else if (!node->quoted && text_to_number(node->text, &number) && isfinite(number))
        json_write_number(out, number);
    else
        json_write_text(out, node->text);
}

void json_write_config(FILE *out, const config_node *node)
{
    const bool mapping = node->kind == CONFIG_MAPPING;
    if (node->kind == CONFIG_SCALAR) {
        write_scalar_node(out, node);
        return;
    }
    putc(mapping ? '{' : '[', out);
    for (size_t i = 0; i < node->count; i++) {
        if (i) fputs(", ", out);
        if (mapping) {
            json_write_text(out, node->entries[i].key);
            fputs(": ", out);
        }
        json_write_config(out, mapping ? node->entries[i].value : node->items[i]);
    }
    putc(mapping ? '}' : ']', out);
}
