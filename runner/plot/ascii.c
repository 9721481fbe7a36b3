/* plot/ascii.c: the loss curves of a run on a terminal, in characters that every terminal has. */
#include "plot/plot_private.h"

#include "record/terminal.h"

#include <math.h>
#include <string.h>

enum { HEIGHT = 20, MOST_WIDTH = 100, LEAST_WIDTH = 30, MARGIN = 12, MOST_CURVES = 26 };

typedef struct canvas {
    char cells[HEIGHT][MOST_WIDTH];
    int width;
    bool logarithmic;
    double last, least, greatest; /* of steps; of losses */
} canvas;

static double height_of(const canvas *c, double loss)
{
    return c->logarithmic ? log10(loss) : loss;
}

static void mark(canvas *c, double x, double y, char letter)
{
    const double low = height_of(c, c->least), high = height_of(c, c->greatest);
    const double up = high > low ? (height_of(c, y) - low) / (high - low) : 0.5;
    const int row = (int)lround((1 - up) * (HEIGHT - 1));
    const int column = (int)lround((c->last > 0 ? x / c->last : 0) * (c->width - 1));
    c->cells[row][column] = letter;
}

/* Points between two evaluations lie on the line between them. */
static void draw_curve(const plotter *all, canvas *c, const char *column, size_t t, char letter)
{
    double x0 = NAN, y0 = NAN;
    for (size_t i = 0; i < all->metrics.row_count; i++) {
        const double x = cell_number(&all->metrics, i, "step"),
                     y = cell_number(&all->metrics, i, column);
        if (cell_trial(&all->metrics, i) != t || !isfinite(y)) continue;
        mark(c, x, y, letter);
        for (int k = 1; isfinite(y0) && k < c->width; k++) {
            const double part = (double)k / c->width;
            const double between = c->logarithmic ? y0 * pow(y / y0, part) : y0 + part * (y - y0);
            mark(c, x0 + part * (x - x0), between, letter);
        }
        x0 = x;
        y0 = y;
    }
}

static void find_range(const plotter *all, canvas *c, const char *column)
{
    c->least = c->greatest = NAN;
    for (size_t i = 0; i < all->metrics.row_count; i++) {
        const double y = cell_number(&all->metrics, i, column);
        if (!isfinite(y)) continue;
        c->least = fmin(c->least, y);
        c->greatest = fmax(c->greatest, y);
        c->last = fmax(c->last, cell_number(&all->metrics, i, "step"));
    }
    c->logarithmic = c->least > 0 && c->greatest / c->least > 6;
}

static void print_canvas(const canvas *c, const char *column)
{
    const double low = height_of(c, c->least), high = height_of(c, c->greatest);
    printf("%s%s\n", column, c->logarithmic ? " (logarithmic)" : "");
    for (int row = 0; row < HEIGHT; row++) {
        const double at = high - (high - low) * row / (HEIGHT - 1);
        int end = c->width;
        while (end > 0 && c->cells[row][end - 1] == ' ') end--;
        if (row % 5 == 0 || row == HEIGHT - 1)
            printf("%*.4g |%.*s\n", MARGIN - 2, c->logarithmic ? pow(10, at) : at, end,
                   c->cells[row]);
        else
            printf("%*s |%.*s\n", MARGIN - 2, "", end, c->cells[row]);
    }
    printf("%*s +", MARGIN - 2, "");
    for (int i = 0; i < c->width; i++) putchar('-');
    printf("\n%*s0%*.0f steps\n", MARGIN, "", c->width - 1, c->last);
}

void plot_ascii(const plotter *all)
{
    const char *column = "validation_loss";
    canvas c = {.width = (int)terminal_width(stdout)};
    c.width = (c.width ? c.width : 80) - MARGIN - 1;
    if (c.width > MOST_WIDTH) c.width = MOST_WIDTH;
    if (c.width < LEAST_WIDTH) c.width = LEAST_WIDTH;
    memset(c.cells, ' ', sizeof c.cells);
    find_range(all, &c, column);
    if (isnan(c.least)) find_range(all, &c, column = "train_loss");
    if (isnan(c.least)) {
        printf("no loss to draw\n");
        return;
    }
    size_t curves = all->count < MOST_CURVES ? all->count : MOST_CURVES;
    for (size_t i = curves; i-- > 0;) /* the best one last, on top */
        draw_curve(all, &c, column, all->order[i], (char)('a' + i));
    print_canvas(&c, column);
    for (size_t i = 0; i < curves; i++)
        printf("  %c  %s\n", (char)('a' + i), all->labels[all->order[i]]);
    if (curves < all->count) printf("  and %zu trials more\n", all->count - curves);
}
