/* hidden_symbol: the entry is there, but hidden (the author wrote it by hand and forgot to export).
 */
#include "simple_rule.h"

#if SLOPE_REAL_BITS == 32 && !defined(SLOPE_VARIANT)
extern const slope_entry slope_plugin_entry;
static const slope_optimizer rule = {SIMPLE_PLUGIN("hidden_symbol"), .scope = SLOPE_SCOPE_ELEMENT,
                                     .update = descend};
const slope_entry slope_plugin_entry = {
    SLOPE_MAGIC, SLOPE_MAJOR, SLOPE_MINOR, sizeof(slope_entry), &rule.plugin, NULL, NULL, 0, 0};
#else
SLOPE_PLUGIN(slope_optimizer) = {/* the other halves, to which no entry leads */
                                 SIMPLE_PLUGIN("hidden_symbol"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
#endif
