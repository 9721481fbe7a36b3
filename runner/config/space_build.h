/* config/space_build.h: what the parts of space_create() share. Private to config/.
 *
 *     space_build.c      dimensions, columns, settings; what the command line takes out
 *     space_read.c       entries of `sweep`: lists, alternatives; the whole section
 *     space_range.c      numbers: from/to/points, distributions, auto
 *     space_together.c   values side by side: zip, a sampler's rows
 *     space_finish.c     what concerns the whole: conflicts, exclude
 */
#ifndef SLOPE_CONFIG_SPACE_BUILD_H
#define SLOPE_CONFIG_SPACE_BUILD_H

#include "config/builder.h"
#include "config/space.h"
#include "sweep/sampler.h"

#include "slope/sampler.h"

/* A column while the space grows: who sweeps it. */
typedef struct column_owner {
    size_t group; /* entries of one group may share a column: they exclude each other, or zip */
    bool told;    /* that it is swept twice */
} column_owner;

typedef struct space_builder {
    builder *b;
    const config_node *section; /* `sweep` */
    const config_node *root;    /* a base: what the command line sets is seen here */
    const config_node *context; /* the base, with the first value of what was read so far */
    space_dimension *dimensions;
    size_t count, room;
    space_column *columns;
    column_owner *owners;
    size_t column_count, column_room;
    size_t group; /* of the entry that is read */
} space_builder;

/* One entry: a path and what stands there for its values. */
typedef struct swept {
    const char *path;
    config_place key_place;
    const config_node *node;
    size_t parent; /* dimension under whose choice it stands, or SLOPE_NO_PARENT */
    uint64_t parent_choice;
} swept;

/* Settings of one choice while they are read. */
typedef struct setting_list {
    space_setting *items;
    size_t count, room;
} setting_list;

/* A new dimension without values; the pointer holds until the next one is added. */
space_dimension *space_add(space_builder *s, const swept *e);
/* The column of a path; an error where another group sweeps it. */
size_t space_column_of(space_builder *s, const char *path, config_place place);
/* Adds a setting; the path of a scalar may be completed (optimizer is optimizer.name), that of a
 * file is made absolute. */
void space_set(space_builder *s, setting_list *list, const char *path, config_place place,
               const config_node *value);
/* A dimension that chooses between values of one path. */
void space_add_choices(space_builder *s, const swept *e, const config_node *const *values,
                       size_t count);

/* Reports at a node of the section; the path printed is "sweep.PATH". */
void space_wrong(space_builder *s, config_place place, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether a mapping describes a range or a distribution. */
bool space_is_range(const config_node *node);
/* Adds the dimension of such a mapping; of `auto`. */
void space_read_range(space_builder *s, const swept *e);
void space_read_auto(space_builder *s, const swept *e);
/* The values of a list, or of a range that has a number of them. NULL after an error. */
const config_node *const *space_values(space_builder *s, const swept *e, size_t *count);

/* The context gets the first value of what was read: `auto` and files of what follows are looked up
 * in the plugin that is chosen first. */
void space_advance(space_builder *s, const space_choice *choice);

/* The rule of the section that the whole path names, if a scalar may stand for it; and the path of
 * that scalar: optimizer: adam is optimizer.name: adam. */
const section_rule *space_rule(const char *path);
const char *space_whole_path(space_builder *s, const char *path, const config_node *value);

/* What the command line sets for a path; or NULL. It takes the path out of a sweep, unless the
 * command line gave these values, too. */
const config_node *space_overridden(const space_builder *s, const char *path);
bool space_taken_out(const space_builder *s, const char *path, const config_node *value);

/* `zip`, with what of it goes into the record; rows of a sampler, with the section for places. */
void space_read_zips(space_builder *s, const config_entry *e, config_node *record);
void space_read_rows(space_builder *s, const sampler_rows *rows, const config_node *section);

/* Paths that hide each other. */
void space_check_columns(space_builder *s);
/* `exclude`; returns what of it goes into the record. */
config_node *space_read_exclusions(space_builder *s, const config_node *list, space *out);
size_t space_count_leaves(const config_node *node); /* at most so many settings stand in it */

const char *space_join(arena *a, const char *path, const char *key);
bool space_is_auto(const config_node *node);

#endif
