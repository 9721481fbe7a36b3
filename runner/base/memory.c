/* base/memory.c: see memory.h. Linux: /proc/meminfo, and the files of control groups, second and
 * first version. */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The number in a file that holds one; UINT64_MAX for none ("max"). */
static uint64_t number_in(const char *path)
{
    FILE *file = fopen(path, "r");
    unsigned long long value;
    const int found = file ? fscanf(file, "%llu", &value) : 0;
    if (file) fclose(file);
    return found == 1 ? value : UINT64_MAX;
}

static uint64_t system_available(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[256];
    unsigned long long kilobytes;
    uint64_t available = UINT64_MAX;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %llu kB", &kilobytes) == 1) available = kilobytes * 1024;
    if (file) fclose(file);
    return available;
}

static uint64_t group_available(void)
{
    static const char *const files[][2] = {
        {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
        {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
         "/sys/fs/cgroup/memory/memory.usage_in_bytes"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const uint64_t limit = number_in(files[i][0]), used = number_in(files[i][1]);
        if (limit != UINT64_MAX && used != UINT64_MAX) return limit > used ? limit - used : 0;
    }
    return UINT64_MAX;
}

size_t memory_available(void)
{
    const uint64_t system = system_available(), group = group_available();
    const uint64_t least = system < group ? system : group;
    return least == UINT64_MAX ? SIZE_MAX : (size_t)(least / 10 * 9);
}
