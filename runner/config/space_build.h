/* config/space_build.h: what the parts of space_create() share. Private to config/.
 *
 *     space_build.c      dimensions, columns, settings
 *     space_command.c    what the command line takes out
 *     space_read.c       entries of `sweep`: lists, alternatives; the whole section
 *     space_range.c      numbers: from/to/points, distributions, auto
 *     space_together.c   values side by side: zip, a sampler's rows
 *     space_finish.c     what concerns the whole: conflicts, exclude
 *     space_losses.c     what was wrong, and what follows from it
 *     space_check.c      paths that no trial has; values by themselves
 */
#ifndef SLOPE_CONFIG_SPACE_BUILD_H
#define SLOPE_CONFIG_SPACE_BUILD_H

#include "config/builder.h"
#include "config/space.h"
#include "sweep/sampler.h"

#include "slope/sampler.h"

#define NO_COLUMN SIZE_MAX

/* A column while the space grows: who sweeps it. */
typedef struct column_owner {
    size_t group; /* entries of one group may share a column: they exclude each other, or zip */
    bool told;    /* that it is swept twice */
    const config_place *watched; /* the key that was looked at last, see space_watch() */
} column_owner;

/* A path that the command line sweeps; `below`: and with it all that lies below. */
typedef struct claim {
    const char *path;
    bool below;
} claim;

/* A path that may be misspelt: the plugins that are read so far have no such parameter. */
typedef struct doubt {
    const char *path;
    const config_place *key;
    bool automatic; /* its values are `auto` */
} doubt;

/* A condition of `exclude` on a path that is not swept. */
typedef struct stray {
    const char *path;
    config_place place;
} stray;

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
    claim *claims;
    size_t claim_count, claim_room;
    doubt *doubts;
    size_t doubt_count, doubt_room;
    stray *strays;
    size_t stray_count, stray_room;
    const char **lost;
    size_t lost_count, lost_room;
    bool lost_any, lost_points, lost_combinations; /* as in space_losses */
} space_builder;

/* One entry: a path and what stands there for its values. */
typedef struct swept {
    const char *path;
    const config_place *key;
    const config_node *node;
    size_t parent; /* dimension under whose choice it stands, or SLOPE_NO_PARENT */
    uint64_t parent_choice;
} swept;

/* Settings of one choice while they are read. */
typedef struct setting_list {
    space_setting *items;
    size_t count, room;
} setting_list;

/* The list with room for one more element. */
void *space_grown(arena *a, void *list, size_t count, size_t *room, size_t size);

/* A new dimension without values; the pointer holds until the next one is added. */
space_dimension *space_add(space_builder *s, const swept *e);
/* Makes a dimension one with a single choice that sets nothing. */
void space_make_blank(space_builder *s, size_t dimension);
/* The column of a path. NO_COLUMN, and an error, where another group sweeps it. */
size_t space_column_of(space_builder *s, const char *path, const config_place *key);
/* Adds a setting; the path of a scalar may be completed (optimizer is optimizer.name), that of a
 * file is made absolute. */
void space_set(space_builder *s, setting_list *list, const char *path, const config_place *key,
               const config_node *value);
/* A dimension that chooses between values of one path. */
void space_add_choices(space_builder *s, const swept *e, const config_node *const *values,
                       size_t count);

/* What would have been set is lost: nothing that follows from it is told. */
void space_lose(space_builder *s, const char *path);

/* Notes those of the paths that a choice sets, or one path, which no plugin that was read so far
 * has: space_check_paths() looks at them when all is read. False: the path is no such one. */
void space_watch(space_builder *s, const space_choice *choice);
bool space_watch_path(space_builder *s, const char *path, const config_place *key, bool automatic);

/* Tells each path that no trial has, once, and takes it out. `trees`: the bases. */
void space_check_paths(space_builder *s, const space *so_far, size_t base_count,
                       const config_node *const *trees);

/* Reports at a node of the section; the path printed is "sweep.PATH". */
void space_wrong(space_builder *s, config_place place, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether a mapping describes a range or a distribution. */
bool space_is_range(const config_node *node);
/* Whether it holds values of other paths below this one. One that stands for a parameter which is a
 * single value can only be meant as a range, however its keys are spelt. */
bool space_has_paths(space_builder *s, const char *path, const config_node *node);
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

/* What the command line sets for a path; or NULL. */
const config_node *space_overridden(const space_builder *s, const char *path);
/* Notes what the command line sweeps. `settings`: keys that are no paths, ended by NULL. */
void space_find_claims(space_builder *s, const char *const *settings);
/* Whether the command line sweeps this path, or something of which it is a part. */
bool space_claimed(const space_builder *s, const char *path);
/* Whether a value of the file is out of the sweep, since the command line sets or sweeps its path.
 */
bool space_taken_out(const space_builder *s, const char *path, const config_node *value);
/* Whether the command line took out all that the file sweeps at or below a section of the path. */
bool space_replaced(const space_builder *s, const char *path);

/* `zip`, with what of it goes into the record; rows of a sampler, with the section for places. */
void space_read_zips(space_builder *s, const config_entry *e, config_node *record);
void space_read_rows(space_builder *s, const sampler_rows *rows, const config_node *section);

/* Paths that hide each other. */
void space_check_columns(space_builder *s);
/* `exclude`; returns what of it goes into the record. */
config_node *space_read_exclusions(space_builder *s, const config_node *list, space *out);
/* Tells of conditions on what is not swept, when all that is misspelt has been told. */
void space_tell_strays(space_builder *s);
size_t space_count_leaves(const config_node *node); /* at most so many settings stand in it */

bool space_is_setting(const char *key, const char *const *settings);
bool space_is_below(const char *path, const char *prefix);
bool space_is_auto(const config_node *node);

#endif
