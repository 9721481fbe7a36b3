/* changes_locale: leaves the whole program with another locale. `slope test`: "leaves the process
 * alone". */
#include "simple_rule.h"

#include <locale.h>
#include <string.h>

static slope_status update(const slope_update *call)
{
    if (call->step == 1)
        setlocale(LC_TIME, strcmp(setlocale(LC_MONETARY, NULL), "C") == 0 ? "C.UTF-8" : "C");
    return descend(call);
}

SLOPE_PLUGIN(slope_optimizer) = {SIMPLE_PLUGIN("changes_locale"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = update};
