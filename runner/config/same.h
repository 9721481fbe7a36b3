/* config/same.h: whether two configurations say the same, value by value. */
#ifndef SLOPE_CONFIG_SAME_H
#define SLOPE_CONFIG_SAME_H

#include "config/experiment.h"

/* The same plugin with the same value of every parameter. */
bool plugin_choice_same(const plugin_choice *one, const plugin_choice *other);

bool number_same(double a, double b);         /* absent (NAN) is the same as absent */
bool text_same(const char *a, const char *b); /* the same for NULL */

#endif
