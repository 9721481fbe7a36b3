/* kit/readers.c: what every reader must keep to: it fills what it reserves and nothing else, and
 * reads the same each time. The data are the user's: parameters come as key=value. Only the float32
 * half is tested, since the runner uses no other: data do not depend on the precision of a run. */
#include "kit/private.h"

#include "data/reading.h"

/* ---- reading into guarded memory ------------------------------------------------------------- */

/* In place of the runner's `reserve`: memory with guard zones. Reading ends with the process, so
 * nothing is freed. One reading at a time in each thread. */
static _Thread_local struct {
    const slope_reader *reader;
    arena *memory;
    buffer features[SLOPE_SPLITS], labels[SLOPE_SPLITS], targets[SLOPE_SPLITS];
    bool done;
} guarded;

static size_t element_size(slope_element element)
{
    return element == SLOPE_UINT8 ? 1 : element == SLOPE_FLOAT32 ? sizeof(float) : sizeof(double);
}

static void *resize(buffer *b, size_t count, size_t size)
{
    const buffer larger = buffer_of(guarded.memory, count, size);
    const size_t kept = b->count < count ? b->count : count;
    if (kept > 0) memcpy(larger.data, b->data, kept * size);
    *b = larger;
    return count > 0 ? larger.data : NULL;
}

static slope_status reserve(const slope_reader_call *call, slope_table *table,
                            slope_element element, size_t rows, size_t columns,
                            size_t target_columns)
{
    const slope_host *host = call->host;
    size_t i = 0;
    while (i < SLOPE_SPLITS && call->splits[i] != table) ++i;
    if (i == SLOPE_SPLITS) kit_fail("it reserves a table that is not of this call");
    if (element < SLOPE_UINT8 || element > SLOPE_FLOAT64)
        return host->fail(host, "reserve: no such element type: %d", (int)element);
    if (table->rows > 0 && (table->element != element || table->columns != columns ||
                            table->target_columns != target_columns))
        return host->fail(host, "reserve: a table with rows cannot change its shape");
    table->features = resize(&guarded.features[i], rows * columns, element_size(element));
    table->labels =
        resize(&guarded.labels[i], target_columns > 0 ? 0 : rows, sizeof *table->labels);
    table->targets = resize(&guarded.targets[i], rows * target_columns, sizeof *table->targets);
    table->layout = SLOPE_DENSE;
    table->element = element;
    table->rows = rows;
    table->columns = columns;
    table->target_columns = target_columns;
    return SLOPE_OK;
}

static slope_status read_guarded(const slope_reader_call *call)
{
    reading *r = (reading *)(uintptr_t)call; /* its first member */
    r->call.reserve = reserve;
    const slope_status status = guarded.reader->read(call);
    guarded.done = status == SLOPE_OK;
    for (size_t i = 0; !guarded.done && i < SLOPE_SPLITS; ++i)
        *call->splits[i] = (slope_table){.layout = SLOPE_DENSE}; /* not the runner's to free */
    return status;
}

/* Fails the check if the reader does. */
static void read_data(const subject *s, const void *config, reading *r)
{
    const slope_reader *reader = (const slope_reader *)s->about;
    slope_reader *stand_in = arena_copy(s->memory, reader, sizeof *reader);
    stand_in->read = read_guarded;
    host_plugin *plugin = arena_alloc(s->memory, sizeof *plugin);
    *plugin = (host_plugin){
        SLOPE_KIND_READER, reader->plugin.id, s->path, {&stand_in->plugin, &stand_in->plugin}};
    dataset_config *data = arena_alloc(s->memory, sizeof *data);
    *data = (dataset_config){
        .label = reader->plugin.id, .reader = {plugin, config}, .seed = 5, .scale = 1};
    memset(&guarded, 0, sizeof guarded);
    guarded.reader = reader;
    guarded.memory = s->memory;
    failure why;
    if (reading_run(r, data, s->memory, &why)) return;
    if (!guarded.done && r->host.text[0] == '\0') kit_fail("it fails without a reason");
    kit_fail("it cannot read: %s", why.text);
}

void exercise_reader(const subject *s, const void *config, trace *out)
{
    reading r;
    read_data(s, config, &r);
    for (size_t i = 0; i < SLOPE_SPLITS; ++i) {
        const slope_table *t = &r.tables[i];
        const size_t shape[] = {t->rows, t->columns, t->target_columns, (size_t)t->element};
        trace_bytes(out, shape, sizeof shape);
        trace_buffer(out, &guarded.features[i]);
        trace_buffer(out, &guarded.labels[i]);
        trace_buffer(out, &guarded.targets[i]);
    }
    for (size_t i = 0; i < r.class_name_count; ++i)
        trace_bytes(out, r.class_names[i], strlen(r.class_names[i]) + 1);
    for (size_t i = 0; i < r.column_name_count; ++i)
        trace_bytes(out, r.column_names[i], strlen(r.column_names[i]) + 1);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void inside(const subject *s, const void *config)
{
    reading r;
    read_data(s, config, &r);
    for (size_t i = 0; i < SLOPE_SPLITS; ++i)
        if ((guarded.features[i].guarded != NULL && !guards_whole(&guarded.features[i])) ||
            (guarded.labels[i].guarded != NULL && !guards_whole(&guarded.labels[i])) ||
            (guarded.targets[i].guarded != NULL && !guards_whole(&guarded.targets[i])))
            kit_fail("it writes outside the rows that it has reserved");
}

static void writes_its_tables_only(subject *s)
{
    with_every_config(s, inside);
}

static const char *const split_names[] = {"train", "validation", "test"};

static void judge_table(const reading *r, size_t i)
{
    const slope_table *t = &r->tables[i], *train = &r->tables[SLOPE_TRAIN];
    const char *name = split_names[i];
    if (t->rows == 0) return;
    if (t->columns != train->columns || t->target_columns != train->target_columns ||
        t->element != train->element)
        kit_fail("split %s has %zu columns of features and %zu of targets, train has %zu and %zu",
                 name, t->columns, t->target_columns, train->columns, train->target_columns);
    for (size_t row = 0; t->labels != NULL && row < t->rows; ++row) {
        const int32_t label = t->labels[row];
        if (label < 0) kit_fail("split %s, row %zu: label %d is negative", name, row, label);
        if (r->class_name_count > 0 && (size_t)label >= r->class_name_count)
            kit_fail("split %s, row %zu: label %d, but only %zu classes have names", name, row,
                     label, r->class_name_count);
    }
    if (r->column_name_count > 0 && r->column_name_count != t->columns)
        kit_fail("it names %zu columns of %zu", r->column_name_count, t->columns);
}

static void shape(const subject *s, const void *config)
{
    reading r;
    read_data(s, config, &r);
    if (r.tables[SLOPE_TRAIN].rows == 0) kit_fail("it reads no training rows");
    for (size_t i = 0; i < SLOPE_SPLITS; ++i) judge_table(&r, i);
}

static void reads_what_it_declares(subject *s)
{
    with_every_config(s, shape);
}

const kit_check reader_checks[] = {
    {"reads what it declares", reads_what_it_declares, STANDS_ALONE},
    {"writes its tables only", writes_its_tables_only, STANDS_ALONE},
    {NULL, NULL, STANDS_ALONE},
};
