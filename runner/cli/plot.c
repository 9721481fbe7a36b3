/* cli/plot.c: `slope plot`: pictures of a run. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/experiment_file.h"
#include "plot/plot.h"

#include "base/files.h"
#include "base/text.h"

#include <stdio.h>

static const char help[] =
    "usage: slope plot DIR [options]\n"
    "\n"
    "Draws pictures of the run in the folder DIR, with gnuplot, each as SVG and PNG: loss and\n"
    "accuracy over time; loss of batches and paths of two parameters over contour lines, where\n"
    "they were recorded (see `record`); sensitivity to the learning rate, where trials differ in\n"
    "it; of the best trial the confusion matrix and, where rows are pictures, the weights of each\n"
    "class.\n"
    "\n"
    "  --output DIR     folder for the pictures (default: plots in the run's folder)\n"
    "  --trial N        draw the classes of this trial instead of the best one's\n"
    "  --animate        the paths as an animation, too (race.gif)\n"
    "  --ascii          print the loss curves instead; no files, no gnuplot\n"
    "  --threads N      threads to use\n"
    "  --quiet          do not list the pictures\n"
    "  --help           this text\n"
    "\n"
    "examples:\n"
    "  slope plot results/fashion_mnist/latest\n"
    "  slope plot results/fashion_mnist/latest --ascii\n";

enum { OUTPUT = 1, TRIAL, ANIMATE, ASCII, THREADS, QUIET };

static const struct option options[] = {
    {"output", required_argument, NULL, OUTPUT},   {"trial", required_argument, NULL, TRIAL},
    {"animate", no_argument, NULL, ANIMATE},       {"ascii", no_argument, NULL, ASCII},
    {"threads", required_argument, NULL, THREADS}, {"quiet", no_argument, NULL, QUIET},
    {"help", no_argument, NULL, CLI_HELP},         {NULL, 0, NULL, 0}};

static bool take_option(void *parsed_options, int option, exit_status *status)
{
    plot_options *p = parsed_options;
    switch (option) {
    case OUTPUT:
        p->output = optarg;
        return true;
    case TRIAL:
        if (text_to_integer(optarg, &p->trial) && p->trial >= 0) return true;
        *status = cli_usage("plot", "--trial takes a number from 0, not '%s'", optarg);
        return false;
    case ANIMATE:
        p->animate = true;
        return true;
    case ASCII:
        p->ascii = true;
        return true;
    case QUIET:
        p->quiet = true;
        return true;
    case THREADS:
        return cli_set_threads("plot", optarg, status);
    default:
        return false; /* there is no other */
    }
}

static exit_status plot(arena *a, plot_options *p)
{
    exit_status status;
    failure why;
    char *config = path_join(a, p->folder, "config.yaml");
    if (!file_exists(config)) {
        failure_set(&why, STATUS_ENVIRONMENT, "cannot plot '%s': it holds no config.yaml",
                    p->folder);
        return cli_fail(&why);
    }
    const experiment *e = cli_load_experiment(a, "plot", 1, &config, NULL, false, &status);
    if (!e || plot_run(e, p, &why)) return status;
    return cli_fail(&why);
}

exit_status command_plot(int argc, char **argv)
{
    plot_options p = {.trial = -1};
    exit_status status;
    arena *a = arena_create();
    const bool good = cli_options(argc, argv, options, help, take_option, &p, &status);
    if (good && argc - optind != 1) {
        status = cli_usage("plot", "expected one folder of a run");
    } else if (good) {
        p.folder = argv[optind];
        status = plot(a, &p);
    }
    arena_destroy(a);
    return status;
}
