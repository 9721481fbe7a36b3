/* config/space_losses.c: what was wrong with a section `sweep` and is missing in its space, and
 * which complaints may be nothing but a consequence of that. See space.h and space_build.h. */
#include "config/space_build.h"

#include <string.h>

void space_lose(space_builder *s, const char *path)
{
    s->lost = space_grown(s->b->memory, s->lost, s->lost_count, &s->lost_room, sizeof *s->lost);
    s->lost[s->lost_count++] = path;
}

static bool in_one_section(const char *one, const char *other)
{
    const size_t length = strcspn(one, ".");
    return length == strcspn(other, ".") && strncmp(one, other, length) == 0;
}

/* Whether `path` is the name of a plugin, or the like, and so decides what may stand beside it. */
static bool decides(const char *path, const char *other)
{
    static const char *const sections[] = {"model.init", "dataset",   "model",
                                           "loss",       "optimizer", "schedule"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const char *section = sections[i];
        const size_t length = strlen(section);
        if (space_is_below(path, section) && space_is_below(other, section) &&
            strcmp(path + length + 1, space_rule(section)->first) == 0)
            return true;
    }
    return false;
}

bool space_explains(const space *s, const diagnostic *complaint)
{
    const char *path = complaint->path;
    if (!path) return false;
    if (s->lost.any && (complaint->about == ABOUT_ABSENCE || complaint->about == ABOUT_KEY))
        return true;
    for (size_t i = 0; i < s->lost.count; i++) {
        const char *lost = s->lost.paths[i];
        if (strcmp(path, lost) == 0 || space_is_below(path, lost) || decides(lost, path))
            return true;
        if ((complaint->about == ABOUT_ABSENCE || complaint->about == ABOUT_RULE) &&
            in_one_section(lost, path))
            return true;
    }
    return false;
}

bool space_lost(const space *s, const char *const *paths)
{
    for (; *paths; paths++)
        for (size_t i = 0; i < s->lost.count; i++)
            if (strcmp(s->lost.paths[i], *paths) == 0 || space_is_below(s->lost.paths[i], *paths) ||
                space_is_below(*paths, s->lost.paths[i]))
                return true;
    return s->lost.any;
}
