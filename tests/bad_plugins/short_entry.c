/* short_entry: an entry that says it is smaller than any of this major version can be. */
#include "simple_rule.h"

#if SLOPE_REAL_BITS == 32 && !defined(SLOPE_VARIANT)
extern __attribute__((visibility("default"))) const slope_entry slope_plugin_entry;
static const slope_optimizer rule = {SIMPLE_PLUGIN("short_entry"), .scope = SLOPE_SCOPE_ELEMENT,
                                     .update = descend};
const slope_entry slope_plugin_entry = {SLOPE_MAGIC, SLOPE_MAJOR, SLOPE_MINOR, 16, &rule.plugin,
                                        NULL,        NULL,        0,           0};
#else
SLOPE_PLUGIN(slope_optimizer) = {/* the other halves, to which no entry leads */
                                 SIMPLE_PLUGIN("short_entry"), .scope = SLOPE_SCOPE_ELEMENT,
                                 .update = descend};
#endif
