/* cli/plugins_markdown.c: `slope plugins KIND --markdown`: what plugins compute, as a table for a
 * text such as the README. Everything comes from the plugins' own descriptions. */
#include "cli/plugins_markdown.h"

#include "config/bind.h"

#include <stdio.h>
#include <string.h>

/* A cell ends at a | and a line, so these must be written otherwise; < could begin a tag. */
static void print_escaped(const char *text, size_t length, bool code)
{
    for (size_t i = 0; i < length; ++i) {
        if (text[i] == '|' || (text[i] == '*' && !code)) putchar('\\');
        if (text[i] == '<' && !code)
            fputs("&lt;", stdout);
        else
            putchar(text[i]);
    }
}

/* A line of a description that is no sentence and says what becomes of something. */
static bool is_formula(const char *line, size_t length)
{
    if (length == 0 || line[length - 1] == '.' || memchr(line, '`', length)) return false;
    if (memchr(line, '=', length) || memchr(line, '~', length)) return true;
    const char *arrow = strstr(line, "<-");
    return arrow && arrow < line + length;
}

static void print_description(const char *text)
{
    while (*text) {
        const size_t length = strcspn(text, "\n");
        const bool code = is_formula(text, length);
        if (code) putchar('`');
        print_escaped(text, length, code);
        if (code) putchar('`');
        text += length;
        if (*text == '\n') {
            fputs("<br>", stdout);
            ++text;
        }
    }
}

static void print_defaults(const slope_plugin *about)
{
    for (size_t i = 0; i < about->parameter_count; ++i) {
        const slope_parameter *p = parameter_at(about->parameters, about->parameter_size, i);
        printf("%s`%s` ", i > 0 ? ", " : "", p->key);
        const char *value = p->fallback                 ? p->fallback
                            : p->flags & SLOPE_REQUIRED ? "required"
                                                        : "none";
        print_escaped(value, strlen(value), false);
    }
}

void print_plugins_markdown(const host_plugin *const *plugins, size_t count, slope_kind kind)
{
    puts("| name | what it does | formula and source | parameters and defaults "
         "|\n|---|---|---|---|");
    for (size_t i = 0; i < count; ++i) {
        const slope_plugin *about = plugins[i]->description[FLOAT32];
        if (kind != 0 && plugins[i]->kind != kind) continue;
        printf("| `%s` | ", plugins[i]->id);
        print_escaped(about->summary, strlen(about->summary), false);
        fputs(" | ", stdout);
        print_description(about->description);
        fputs(" | ", stdout);
        print_defaults(about);
        puts(" |");
    }
}
