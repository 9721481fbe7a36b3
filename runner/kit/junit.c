/* kit/junit.c: reports as JUnit XML, in the dialect that Jenkins and GitLab read: a suite for each
 * plugin, a case for each check. */
#include "kit/kit.h"

#include "base/files.h"

#include <stdlib.h>

/* Characters that XML 1.0 has no way to write become '?'. */
static void escape(FILE *out, const char *text)
{
    for (; *text != '\0'; ++text) {
        const unsigned char c = (unsigned char)*text;
        if (c == '&')
            fputs("&amp;", out);
        else if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else if (c == '\n')
            fputs("&#10;", out);
        else
            fputc(c < 0x20 && c != '\t' ? '?' : c, out);
    }
}

static void attribute(FILE *out, const char *name, const char *text)
{
    fprintf(out, " %s=\"", name);
    escape(out, text);
    fputc('"', out);
}

static void write_case(FILE *out, const kit_report *report, const kit_result *r)
{
    fputs("    <testcase", out);
    attribute(out, "classname", report->name);
    attribute(out, "name", r->check);
    fprintf(out, " time=\"%.3f\">", r->seconds);
    if (r->outcome != KIT_OK) {
        fputs(r->outcome == KIT_FAILED ? "<failure" : "<skipped", out);
        attribute(out, "message", r->text);
        fputs("/>", out);
    }
    if (r->outcome == KIT_OK ? r->text[0] != '\0' : r->output[0] != '\0') {
        fputs("<system-out>", out);
        escape(out, r->outcome == KIT_OK ? r->text : r->output);
        fputs("</system-out>", out);
    }
    fputs("</testcase>\n", out);
}

static void write_suite(FILE *out, const kit_report *report)
{
    double seconds = 0;
    for (size_t i = 0; i < report->count; ++i) seconds += report->results[i].seconds;
    fputs("  <testsuite", out);
    attribute(out, "name", report->name);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.3f\"",
            report->count, report->failed, report->skipped, seconds);
    attribute(out, "file", report->path);
    fputs(">\n", out);
    for (size_t i = 0; i < report->count; ++i) write_case(out, report, &report->results[i]);
    fputs("  </testsuite>\n", out);
}

bool kit_write_junit(const char *path, const kit_report *reports, size_t count, failure *why)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) out_of_memory(0);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"slope test\">\n", out);
    for (size_t i = 0; i < count; ++i) write_suite(out, &reports[i]);
    fputs("</testsuites>\n", out);
    fclose(out);
    const bool written = file_write(path, text, length, why);
    free(text);
    return written;
}
