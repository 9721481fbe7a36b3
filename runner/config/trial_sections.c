/* config/trial_sections.c: a trial section by section, so that trials which differ in one share the
 * others. See builder.h.
 */
#include "config/builder.h"

#include <string.h>

/* What a section fills of a trial: one or two members. */
typedef struct member {
    size_t offset, size;
} member;

#define MEMBER(field_) \
    { \
        offsetof(trial_config, field_), sizeof(((trial_config *)0)->field_) \
    }

static const struct {
    const char *key;
    member members[2];
} sections[TRIAL_SECTIONS] = {
    [SECTION_TRAIN] = {"train", {MEMBER(train)}},
    [SECTION_LOSS] = {"loss", {MEMBER(loss)}},
    [SECTION_DATASET] = {"dataset", {MEMBER(dataset)}},
    [SECTION_MODEL] = {"model", {MEMBER(model), MEMBER(init)}},
    [SECTION_REGULARIZATION] = {"regularization", {MEMBER(regularization)}},
    [SECTION_OPTIMIZER] = {"optimizer", {MEMBER(optimizer)}},
    [SECTION_SCHEDULE] = {"schedule", {MEMBER(schedule)}},
    [SECTION_CLIP] = {"clip", {MEMBER(clip)}},
    [SECTION_EVALUATE] = {"evaluate", {MEMBER(evaluate)}},
    [SECTION_STOP] = {"stop", {MEMBER(stop)}},
    [SECTION_CHECKPOINT] = {"checkpoint", {MEMBER(checkpoint)}},
    [SECTION_RECORD] = {"record", {MEMBER(record)}},
    [SECTION_SURFACE] = {"surface", {MEMBER(surface)}},
};

/* As people read it: what is learnt from, what is trained, how. */
static const trial_section order_of_record[TRIAL_SECTIONS] = {
    SECTION_DATASET,    SECTION_MODEL,  SECTION_LOSS,    SECTION_REGULARIZATION, SECTION_OPTIMIZER,
    SECTION_SCHEDULE,   SECTION_CLIP,   SECTION_TRAIN,   SECTION_EVALUATE,       SECTION_STOP,
    SECTION_CHECKPOINT, SECTION_RECORD, SECTION_SURFACE,
};

const char *trial_section_key(trial_section s)
{
    return sections[s].key;
}

trial_section trial_section_recorded(size_t place)
{
    return order_of_record[place];
}

trial_section trial_section_of(const char *path)
{
    const size_t length = strcspn(path, ".");
    trial_section s = 0;
    while (s < TRIAL_SECTIONS &&
           (strncmp(sections[s].key, path, length) != 0 || sections[s].key[length] != '\0'))
        s++;
    return s;
}

void trial_section_copy(trial_section s, trial_config *to, const trial_config *from)
{
    for (size_t i = 0; i < 2; i++) {
        const member *m = &sections[s].members[i];
        memcpy((char *)to + m->offset, (const char *)from + m->offset, m->size);
    }
}

const config_node *build_section(builder *b, trial_section s, const config_node *trial,
                                 trial_config *out)
{
    config_node *r = config_new_mapping(b->memory, trial->place);
    switch (s) {
    case SECTION_TRAIN:
        build_train(b, trial, r, &out->train);
        break;
    case SECTION_LOSS:
        build_loss(b, trial, r, out);
        break;
    case SECTION_DATASET:
        build_dataset(b, trial, r, out);
        break;
    case SECTION_MODEL:
        build_model(b, trial, r, out);
        break;
    case SECTION_REGULARIZATION:
        build_regularization(b, trial, r, &out->regularization);
        break;
    case SECTION_OPTIMIZER:
        build_optimizer(b, trial, r, out);
        break;
    case SECTION_SCHEDULE:
        build_schedule(b, trial, r, out);
        break;
    case SECTION_CLIP:
        build_clip(b, trial, r, &out->clip);
        break;
    case SECTION_EVALUATE:
        build_evaluate(b, trial, r, &out->evaluate);
        break;
    case SECTION_STOP:
        build_stop(b, trial, r, &out->stop);
        break;
    case SECTION_CHECKPOINT:
        build_checkpoint(b, trial, r, &out->checkpoint);
        break;
    case SECTION_RECORD:
        build_record(b, trial, r, &out->record);
        break;
    case SECTION_SURFACE:
        build_surface(b, trial, r, &out->surface);
        break;
    case TRIAL_SECTIONS:
        break;
    }
    return r->count ? r->entries[0].value : NULL;
}

const config_node *trial_record(arena *a, const config_node *label, const config_node *keep,
                                const config_node *const parts[TRIAL_SECTIONS], config_place place)
{
    config_node *r = config_new_mapping(a, place);
    config_set(a, r, "label", label->place, config_merge(a, NULL, label));
    for (size_t i = 0; i < TRIAL_SECTIONS; i++) {
        const trial_section s = order_of_record[i];
        if (parts[s])
            config_set(a, r, sections[s].key, parts[s]->place, config_merge(a, NULL, parts[s]));
    }
    if (keep) config_set(a, r, "keep", keep->place, config_merge(a, NULL, keep));
    return r;
}
