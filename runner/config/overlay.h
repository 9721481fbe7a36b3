/* config/overlay.h: putting one experiment over another, by the rules of its sections.
 *
 * A file over the file that it extends, a trial over the rest of its file, the command line over
 * all: the same merge serves all three. It knows which top-level keys are sections, which key of
 * theirs a scalar stands for, and that another `name` is another thing altogether. Types and the
 * names of parameters are not its business (bind.h, vocabulary.h). */
#ifndef SLOPE_CONFIG_OVERLAY_H
#define SLOPE_CONFIG_OVERLAY_H

#include "config/tree.h"

/* How a section is written and merged. */
typedef struct section_rule {
    const char *key;   /* "optimizer" */
    const char *first; /* the key that a scalar stands for: optimizer: adam is {name: adam} */
    bool choice;       /* `first` says what the other keys mean: another value drops them … */
    const char *const *kept; /* … except these (ended by NULL, or NULL) */
} section_rule;

/* NULL if there is no such section. section_init is the rule of model.init. */
const section_rule *section_find(const char *key);
extern const section_rule section_init;

/* The section as a mapping; what is neither scalar nor mapping, or is null, stays as it is. */
const config_node *section_mapping(arena *a, const section_rule *rule, const config_node *node);

/* `over` over `base`, both whole experiments (or single trials). A mapping from the command line
 * whose keys are numbers changes items of a list (trials.0.label=x). */
config_node *config_overlay(arena *a, const config_node *base, const config_node *over,
                            diagnostics *errors);

#endif
