/* plot/gnuplot.c: scripts for gnuplot. See plot_private.h.
 *
 * A script goes to gnuplot's standard input as a file without a name; no word of it stands on a
 * command line. Names that come from users are single-quoted: gnuplot looks for nothing inside
 * these. */
#include "plot/plot_private.h"

#include "base/files.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- text ------------------------------------------------------------------------------------ */

char *quoted(arena *a, const char *text)
{
    char *out = arena_alloc(a, 2 * strlen(text) + 3), *at = out;
    *at++ = '\'';
    for (const char *c = text; *c; c++) {
        if (*c == '\'') *at++ = '\'';
        *at++ = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
    }
    *at = '\'';
    return out;
}

const char *line_colour(size_t n)
{
    static const char *const colours[LINE_COLOURS] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                      "#56B4E9", "#E69F00", "#000000"};
    return colours[n % LINE_COLOURS];
}

void common_style(FILE *script)
{
    fputs("reset\nset encoding utf8\nset border 3 linecolor '#444444'\n"
          "set tics nomirror out textcolor '#222222'\n"
          "set grid linecolor '#dddddd' linetype 1 linewidth 0.6\n"
          "set datafile missing '?'\nset samples 2\nset format '%g'\n",
          script);
}

size_t legend_below(FILE *script, size_t longest)
{
    const size_t columns = longest > 46 ? 1 : longest > 26 ? 2 : longest > 18 ? 3 : 4;
    fprintf(script,
            "set key below left Left reverse maxcols %zu samplen 2.5 width 2 noenhanced "
            "title ' '\n",
            columns);
    return columns;
}

/* Ticks at 1, 2 and 5 of each decade where there are few decades, else at powers of ten. */
void log_axis(FILE *script, char axis, double least, double greatest)
{
    const double low = log10(least), high = log10(greatest), room = fmax(0.05, 0.04 * (high - low));
    const bool few = high - low < 2.5;
    static const double steps[] = {1, 2, 3, 5, 7};
    const char *comma = "";
    fprintf(script, "set logscale %c\nset %crange [%.9g:%.9g]\nset %ctics (", axis, axis,
            pow(10, low - room), pow(10, high + room), axis);
    for (double decade = floor(low - room); decade <= high + room; decade++)
        for (size_t i = 0; i < (few ? sizeof steps / sizeof *steps : 1); i++) {
            const double at = steps[i] * pow(10, decade);
            if (high - low > 1 && (steps[i] == 3 || steps[i] == 7)) continue;
            if (log10(at) < low - room || log10(at) > high + room) continue;
            if (high - low > 12 && fmod(fabs(decade), 4) != 0) continue;
            if (fabs(decade) <= 3)
                fprintf(script, "%s'%g' %.9g", comma, at, at);
            else if (steps[i] == 1)
                fprintf(script, "%s'10^{%g}' %.9g", comma, decade, at);
            else
                fprintf(script, "%s'%g·10^{%g}' %.9g", comma, steps[i], decade, at);
            comma = ", ";
        }
    fputs(")\n", script);
}

/* ---- running it ------------------------------------------------------------------------------ */

static FILE *memory_file(char **text, size_t *size)
{
    FILE *file = open_memstream(text, size);
    if (!file) out_of_memory(1);
    return file;
}

void picture_begin(picture *p, int width, int height)
{
    *p = (picture){.width = width, .height = height};
    p->data = memory_file(&p->data_text, &p->data_size);
    p->script = memory_file(&p->script_text, &p->script_size);
}

void picture_drop(picture *p)
{
    if (p->data) fclose(p->data);
    if (p->script) fclose(p->script);
    free(p->data_text);
    free(p->script_text);
    *p = (picture){0};
}

static bool wait_for(pid_t child, FILE *complaints, failure *why)
{
    int status;
    char text[600];
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return failure_set(why, STATUS_ENVIRONMENT, "cannot wait for gnuplot: %s",
                               strerror(errno));
    rewind(complaints);
    const size_t length = fread(text, 1, sizeof text - 1, complaints);
    text[length] = '\0';
    for (char *c = text; *c; c++)
        if (*c == '\n') *c = ' ';
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    return failure_set(why, STATUS_ENVIRONMENT, "gnuplot failed: %s", text + strspn(text, " "));
}

static bool run_gnuplot(FILE *input, failure *why)
{
    FILE *complaints = tmpfile();
    if (!complaints)
        return failure_set(why, STATUS_ENVIRONMENT, "cannot make a temporary file: %s",
                           strerror(errno));
    static char name[] = "gnuplot", plain[] = "--default-settings", from[] = "-";
    char *const words[] = {name, plain, from, NULL};
    posix_spawn_file_actions_t files;
    pid_t child;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fileno(input), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, fileno(complaints), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, fileno(complaints), STDERR_FILENO);
    const int error = posix_spawnp(&child, name, &files, NULL, words, environ);
    posix_spawn_file_actions_destroy(&files);
    bool good;
    if (error == ENOENT)
        good = failure_set(why, STATUS_ENVIRONMENT,
                           "cannot find gnuplot, which draws the pictures; install it (Debian "
                           "package gnuplot-nox), or use --ascii");
    else if (error)
        good = failure_set(why, STATUS_ENVIRONMENT, "cannot run gnuplot: %s", strerror(error));
    else
        good = wait_for(child, complaints, why);
    fclose(complaints);
    return good;
}

/* The script with `head` before each turn of it; files are written aside. */
static bool draw(plotter *all, picture *p, const char *const *heads, const char *const *paths,
                 failure *why)
{
    fclose(p->data);
    fclose(p->script);
    p->data = p->script = NULL;
    FILE *input = tmpfile();
    if (!input)
        return failure_set(why, STATUS_ENVIRONMENT, "cannot make a temporary file: %s",
                           strerror(errno));
    fwrite(p->data_text, 1, p->data_size, input);
    for (size_t i = 0; heads[i]; i++) {
        fprintf(input, "%s\nset output %s\n", heads[i],
                quoted(all->memory, arena_printf(all->memory, "%s.part", paths[i])));
        fwrite(p->script_text, 1, p->script_size, input);
        fputs("unset output\n", input);
    }
    bool good =
        fflush(input) == 0 || failure_set(why, STATUS_ENVIRONMENT,
                                          "cannot write a script for gnuplot: %s", strerror(errno));
    rewind(input);
    good = good && run_gnuplot(input, why);
    fclose(input);
    for (size_t i = 0; heads[i]; i++) {
        const char *aside = arena_printf(all->memory, "%s.part", paths[i]);
        if (good && rename(aside, paths[i]) != 0)
            good = failure_set(why, STATUS_ENVIRONMENT, "cannot write '%s': %s", paths[i],
                               strerror(errno));
        if (!good) unlink(aside);
        if (good && !all->options->quiet) printf("%s\n", paths[i]);
    }
    return good;
}

static const char *path_of(plotter *all, const char *name, const char *ending)
{
    return path_join(all->memory, all->folder, arena_printf(all->memory, "%s.%s", name, ending));
}

bool picture_end(plotter *all, picture *p, const char *name, failure *why)
{
    const char *heads[] = {
        arena_printf(all->memory,
                     "set terminal svg size %d,%d font 'sans-serif,13' background '#ffffff'",
                     p->width, p->height),
        arena_printf(all->memory,
                     "set terminal pngcairo size %d,%d font 'sans-serif,10' fontscale 2 "
                     "linewidth 2 pointscale 2 background '#ffffff'",
                     2 * p->width, 2 * p->height),
        NULL};
    const char *paths[] = {path_of(all, name, "svg"), path_of(all, name, "png")};
    const bool good = draw(all, p, heads, paths, why);
    picture_drop(p);
    return good;
}

bool picture_end_animated(plotter *all, picture *p, const char *name, failure *why)
{
    const char *heads[] = {arena_printf(all->memory,
                                        "set terminal gif animate delay 8 loop 0 optimize size "
                                        "%d,%d font 'sans-serif,10' background '#ffffff'",
                                        p->width, p->height),
                           NULL};
    const char *paths[] = {path_of(all, name, "gif")};
    const bool good = draw(all, p, heads, paths, why);
    picture_drop(p);
    return good;
}
