/* sweep/json.h: JSON to and from configurations, one value or one line of it.
 *
 * jansson reads; what is written is written here, since numbers shall be as short as they can be
 * and still read back as the same (text_from_number), and what is no number null. */
#ifndef SLOPE_SWEEP_JSON_H
#define SLOPE_SWEEP_JSON_H

#include "config/tree.h"

#include <jansson.h>
#include <stdio.h>

/* One line, strictly: keys given twice are refused. NULL with the reason. Free with json_decref().
 */
json_t *json_read(const char *line, size_t length, failure *why);

/* The value as a tree all of whose nodes stand at `place`; keys stay as they are. */
config_node *json_to_config(arena *a, const json_t *value, config_place place);

void json_write_number(FILE *out, double value); /* null: not finite */
/* Bytes that are not UTF-8 become question marks. NULL writes null. */
void json_write_text(FILE *out, const char *text);
void json_write_scalar(FILE *out, const json_t *value); /* no array, no object */
/* Numbers, truth values and null as such, all other scalars as texts. */
void json_write_config(FILE *out, const config_node *value);

#endif
