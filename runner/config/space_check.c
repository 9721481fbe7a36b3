/* config/space_check.c: what can be told of a space before its trials are made: swept paths that no
 * trial has, and values that are wrong by themselves. See space.h and space_build.h.
 *
 * Whether a path exists depends on the plugins beside it, which may be swept, too, and be different
 * in each item of `trials`. So a path is looked at while the section is read, in the plugins that
 * come first; only where these do not have it, it is tried in all of them at the end. */
#include "config/space_build.h"

#include "base/text.h"
#include "config/bind_value.h"

#include <string.h>

enum { MOST_TRIED = 20000, MOST_LOOKS = 1000, MOST_VALUES = 1000, MOST_TOLD = 20 };

/* ---- while reading --------------------------------------------------------------------------- */

static bool is_known(space_builder *s, const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *section = dot ? arena_strndup(s->b->memory, path, (size_t)(dot - path)) : "";
    const section_rule *rule = space_rule(section);
    return space_rule(path) || (rule && strcmp(rule->first, dot + 1) == 0) ||
           builder_parameter(s->b, s->context, path);
}

bool space_watch_path(space_builder *s, const char *path, const config_place *key, bool automatic)
{
    if (is_known(s, path)) return false;
    for (size_t i = 0; i < s->doubt_count; i++)
        if (s->doubts[i].key == key && strcmp(s->doubts[i].path, path) == 0) return true;
    s->doubts =
        space_grown(s->b->memory, s->doubts, s->doubt_count, &s->doubt_room, sizeof *s->doubts);
    s->doubts[s->doubt_count++] = (doubt){path, key, automatic};
    return true;
}

void space_watch(space_builder *s, const space_choice *choice)
{
    for (size_t i = 0; i < choice->count; i++) {
        const space_setting *set = &choice->settings[i];
        column_owner *owner = &s->owners[set->column];
        if (owner->watched == set->key) continue; /* as in the row before */
        owner->watched = set->key;
        space_watch_path(s, s->columns[set->column].path, set->key, false);
    }
}

/* ---- one section of a base at a point ---------------------------------------------------------
 */

/* What is wrong with it, in a list of its own. */
static diagnostics *try_section(const builder *b, const config_node *base, const space *s,
                                const double *point, trial_section section)
{
    builder own = *b;
    trial_config t = {0};
    own.dataset_node = NULL; /* which would not be told of twice */
    own.errors = diagnostics_create(b->memory);
    const config_node *merged = build_point(&own, base, s, point);
    if (section != SECTION_TRAIN) build_section(&own, SECTION_TRAIN, merged, &t);
    if (section == SECTION_DATASET) build_section(&own, SECTION_LOSS, merged, &t);
    own.errors = diagnostics_create(b->memory);
    build_section(&own, section, merged, &t);
    return own.errors;
}

/* ---- paths that nothing has ------------------------------------------------------------------ */

typedef struct look {
    space_builder *s;
    const space *space;
    size_t base_count;
    const config_node *const *bases;
    const doubt *of;
    trial_section section;
    size_t tried;
    const diagnostic *said; /* that it is not known, with a nearer name if any said so */
    bool various;           /* and not everywhere in the same words */
    bool possible;          /* some trial has it, or may have */
} look;

static void take_word(look *l, const diagnostic *d)
{
    if (l->said && strcmp(l->said->text, d->text) == 0) return;
    l->various = l->said != NULL;
    if (!l->said || (!strstr(l->said->text, "did you mean") && strstr(d->text, "did you mean")))
        l->said = d;
}

/* Where the plugin itself is not known, its parameters are not, either. */
static void look_at(look *l, const double *point)
{
    const char *section = trial_section_key(l->section);
    for (size_t i = 0; i < l->base_count && !l->possible; i++) {
        if (l->tried++ == MOST_LOOKS) l->possible = true;
        const diagnostics *errors = try_section(l->s->b, l->bases[i], l->space, point, l->section);
        const diagnostic *unknown = NULL;
        bool undecided = false;
        for (size_t k = 0; k < diagnostics_count(errors); k++) {
            const diagnostic *d = diagnostics_at(errors, k);
            const char *path = d->path ? d->path : "";
            undecided |= strcmp(path, section) == 0;
            if (d->about == ABOUT_KEY && config_place_same(&d->place, l->of->key) &&
                (strcmp(path, l->of->path) == 0 || space_is_below(l->of->path, path)))
                unknown = d;
        }
        if (unknown && !undecided)
            take_word(l, unknown);
        else
            l->possible = true;
    }
}

/* Whether a choice of the dimension may bring another plugin to the section. */
static bool chooses(const space *s, const space_dimension *d, trial_section section)
{
    const char *key = trial_section_key(section);
    const section_rule *rule = section_find(key);
    for (size_t i = 0; rule->choice && i < d->choice_count && i < MOST_VALUES; i++)
        for (size_t k = 0; k < d->choices[i].count; k++) {
            const char *path = s->columns[d->choices[i].settings[k].column].path;
            if (strcmp(path, key) == 0 ||
                (space_is_below(path, key) && strcmp(path + strlen(key) + 1, rule->first) == 0))
                return true;
        }
    return false;
}

static bool is_ancestor(const space *s, size_t ancestor, size_t d)
{
    while (d != ancestor && s->dimensions[d].parent != SLOPE_NO_PARENT) d = s->dimensions[d].parent;
    return d == ancestor;
}

/* In every plugin that other dimensions choose. */
static void look_everywhere(look *l, size_t d, double place)
{
    const space *s = l->space;
    bool chosen = false;
    for (size_t n = 0; n < s->count && !l->possible; n++) {
        const space_dimension *other = &s->dimensions[n];
        if (is_ancestor(s, n, d) || !chooses(s, other, l->section)) continue;
        double *point = space_point_at(s, d, place, l->s->b->memory);
        if (other->parent != SLOPE_NO_PARENT && !space_has(s, point, n)) continue;
        chosen = true;
        for (size_t c = 0; c < other->choice_count && !l->possible; c++) {
            point[n] = (double)c;
            if (!space_excludes(s, point, l->s->b->memory)) look_at(l, point);
        }
    }
    if (!chosen) look_at(l, space_point_at(s, d, place, l->s->b->memory));
}

static bool sets(const look *l, const space_choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->settings[i].key == l->of->key &&
            strcmp(l->space->columns[choice->settings[i].column].path, l->of->path) == 0)
            return true;
    return false;
}

static bool draws(const look *l, const space_dimension *d)
{
    return !d->choice_count && d->key == l->of->key;
}

/* A list of values needs one look, if it does not choose the plugin as well. */
static void look_at_dimension(look *l, size_t d)
{
    const space_dimension *at = &l->space->dimensions[d];
    if (draws(l, at)) look_everywhere(l, d, 0);
    for (size_t c = 0; c < at->choice_count && !l->possible; c++) {
        if (!sets(l, &at->choices[c])) continue;
        look_everywhere(l, d, (double)c);
        if (!chooses(l->space, at, l->section)) return;
    }
}

/* What is left of the dimensions without that path. */
static void take_out(const look *l)
{
    space_builder *s = l->s;
    for (size_t d = 0; d < s->count; d++) {
        const space_dimension *at = &s->dimensions[d];
        bool any = draws(l, at), all = true;
        for (size_t c = 0; c < at->choice_count; c++) {
            const bool there = sets(l, &at->choices[c]);
            any |= there;
            all &= there && at->choices[c].count == 1;
        }
        if (any && all) space_make_blank(s, d);
        if (!any || all) continue;
        space_choice *left = arena_copy(s->b->memory, at->choices, at->choice_count * sizeof *left);
        for (size_t c = 0; c < at->choice_count; c++) {
            space_setting *kept = arena_alloc(s->b->memory, left[c].count * sizeof *kept);
            size_t count = 0;
            for (size_t k = 0; k < left[c].count; k++)
                if (!sets(l, &(space_choice){1, &left[c].settings[k]}))
                    kept[count++] = left[c].settings[k];
            left[c] = (space_choice){count, kept};
        }
        s->dimensions[d].choices = left;
    }
}

static void tell(const look *l)
{
    space_builder *s = l->s;
    const diagnostic *d = l->said;
    if (l->possible || !d) {
        space_wrong(s, *l->of->key, l->of->path,
                    "there is no such parameter, so auto has nothing to go by");
        return;
    }
    if (l->various && !strstr(d->text, "did you mean"))
        diagnostics_add_about(s->b->errors, ABOUT_KEY, d->place, d->path,
                              "unknown key; no %s of this sweep has it",
                              trial_section_key(l->section));
    else
        diagnostics_pass(s->b->errors, d, "");
}

/* A path of a zip or a table that begins with no section; entries were looked at when they were
 * read.
 */
static void tell_section(space_builder *s, const doubt *of)
{
    const char *head = arena_strndup(s->b->memory, of->path, strcspn(of->path, "."));
    const char *names[TRIAL_SECTIONS];
    for (size_t i = 0; i < TRIAL_SECTIONS; i++) names[i] = trial_section_key((trial_section)i);
    const char *nearest = text_nearest(head, names, TRIAL_SECTIONS);
    diagnostics_add_about(s->b->errors, ABOUT_KEY, *of->key, of->path, "unknown key%s%s%s",
                          nearest ? "; did you mean '" : "; a path begins with dataset, model, …",
                          nearest ? nearest : "", nearest ? "'?" : "");
    if (nearest)
        space_lose(s, arena_printf(s->b->memory, "%s%s", nearest, of->path + strlen(head)));
    else
        s->lost_any = true;
}

void space_check_paths(space_builder *s, const space *so_far, size_t base_count,
                       const config_node *const *bases)
{
    for (size_t i = 0; i < s->doubt_count; i++) {
        const doubt *of = &s->doubts[i];
        look l = {.s = s, .space = so_far, .base_count = base_count, .bases = bases, .of = of};
        l.section = trial_section_of(of->path);
        if (l.section == TRIAL_SECTIONS) {
            tell_section(s, of);
            take_out(&l);
            continue;
        }
        const diagnostic unsure = {.path = of->path};
        const bool undecided = so_far->lost.any || space_explains(so_far, &unsure);
        for (size_t d = 0; d < so_far->count && !undecided; d++) look_at_dimension(&l, d);
        if (!of->automatic && (undecided || l.possible || !l.said)) continue;
        if (!undecided) tell(&l);
        take_out(&l);
        space_lose(s, of->path);
    }
}

/* ---- values by themselves -------------------------------------------------------------------- */

typedef struct trying {
    builder *b;
    const space *s;
    size_t base_count;
    const config_node *const *bases;
    size_t tried, told;
} trying;

/* Only what stands there, not what goes with what: nobody knows which go together. */
static void tell_values(trying *t, const diagnostics *found)
{
    for (size_t i = 0; i < diagnostics_count(found); i++) {
        const diagnostic *d = diagnostics_at(found, i);
        if (d->about != ABOUT_VALUE || space_explains(t->s, d) || t->told > MOST_TOLD) continue;
        bool told = false;
        for (size_t k = 0; k < diagnostics_count(t->b->errors) && !told; k++) {
            const diagnostic *before = diagnostics_at(t->b->errors, k);
            told =
                config_place_same(&before->place, &d->place) && strcmp(before->text, d->text) == 0;
        }
        if (told) continue;
        if (t->told++ < MOST_TOLD)
            diagnostics_pass(t->b->errors, d, "");
        else
            diagnostics_add(t->b->errors, STATUS_CONFIG, (config_place){0}, "sweep",
                            "more values are wrong");
    }
}

static void try_choice(trying *t, size_t d, size_t choice)
{
    const space_choice *c = &t->s->dimensions[d].choices[choice];
    double *point = space_point_at(t->s, d, (double)choice, t->b->memory);
    bool done[TRIAL_SECTIONS] = {false};
    if (space_excludes(t->s, point, t->b->memory)) return;
    for (size_t k = 0; k < c->count; k++) {
        const trial_section section = trial_section_of(t->s->columns[c->settings[k].column].path);
        if (section == TRIAL_SECTIONS || done[section]) continue;
        done[section] = true;
        for (size_t i = 0; i < t->base_count && t->tried++ < MOST_TRIED; i++)
            tell_values(t, try_section(t->b, t->bases[i], t->s, point, section));
    }
}

void space_check_values(builder *b, const space *s, size_t base_count,
                        const config_node *const *bases)
{
    trying t = {.b = b, .s = s, .base_count = base_count, .bases = bases};
    for (size_t d = 0; d < s->count; d++) {
        const size_t count = s->dimensions[d].choice_count;
        for (size_t c = 0; c < count; c++)
            if (c < MOST_VALUES || c == count - 1) try_choice(&t, d, c);
    }
}
