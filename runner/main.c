/* main.c: where the program begins. Everything is in the library, so that tests can link it. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return (int)cli_main(argc, argv);
}
