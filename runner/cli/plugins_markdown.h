/* cli/plugins_markdown.h: see plugins_markdown.c. */
#ifndef SLOPE_CLI_PLUGINS_MARKDOWN_H
#define SLOPE_CLI_PLUGINS_MARKDOWN_H

#include "host/registry.h"

/* To standard output; kind 0: all. */
void print_plugins_markdown(const host_plugin *const *plugins, size_t count, slope_kind kind);

#endif
