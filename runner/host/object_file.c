/* host/object_file.c: see object_file.h. libelf reads the structures (System V ABI, chapters 4 and
 * 5), we compare every extent with the length of the file. */
#include "host/object_file.h"

#include "base/files.h"

#include "slope/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

typedef struct object_file {
    unsigned char *bytes;
    size_t size;
    Elf *elf;
    GElf_Ehdr header;
    GElf_Shdr symbols; /* section of dynamic symbols */
    Elf_Data *symbol_data;
    size_t symbol_count;
} object_file;

static bool refuse(failure *why, const char *text)
{
    return failure_set(why, STATUS_ENVIRONMENT, "%s", text);
}

static bool inside(uint64_t offset, uint64_t length, size_t size)
{
    return offset <= size && length <= size - offset;
}

static bool truncated(failure *why, const object_file *object, uint64_t offset, uint64_t length)
{
    return failure_set(
        why, STATUS_ENVIRONMENT,
        "the file is truncated: it has %zu bytes, its headers describe %llu at offset "
        "%llu: build or copy it again",
        object->size, (unsigned long long)length, (unsigned long long)offset);
}

/* What this program is made for stands in the head of its own file. */
static bool own_machine(GElf_Ehdr *own)
{
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    Elf *elf = elf_begin(file, ELF_C_READ, NULL);
    const bool found = elf != NULL && gelf_getehdr(elf, own) != NULL;
    elf_end(elf);
    close(file);
    return found;
}

static bool check_machine(const object_file *object, failure *why)
{
    GElf_Ehdr own;
    if (object->header.e_type != ET_DYN)
        return refuse(why, "it is an ELF file but no shared object: link it with -shared");
    if (own_machine(&own) && (own.e_machine != object->header.e_machine ||
                              own.e_ident[EI_CLASS] != object->header.e_ident[EI_CLASS] ||
                              own.e_ident[EI_DATA] != object->header.e_ident[EI_DATA]))
        return failure_set(why, STATUS_ENVIRONMENT,
                           "it is built for another machine (ELF machine %u, class %u; this slope: "
                           "machine %u, class %u): build it on this one",
                           object->header.e_machine, object->header.e_ident[EI_CLASS],
                           own.e_machine, own.e_ident[EI_CLASS]);
    return true;
}

/* Everything that the headers describe must be there. The tables themselves come first: libelf
 * would silently show a table that lies beyond the end as empty. */
static bool check_whole(const object_file *object, failure *why)
{
    const GElf_Ehdr *header = &object->header;
    const uint64_t segments = (uint64_t)header->e_phnum * header->e_phentsize;
    const uint64_t sections = (uint64_t)header->e_shnum * header->e_shentsize;
    if (!inside(header->e_phoff, segments, object->size))
        return truncated(why, object, header->e_phoff, segments);
    if (!inside(header->e_shoff, sections, object->size))
        return truncated(why, object, header->e_shoff, sections);
    for (int i = 0; i < header->e_phnum; ++i) {
        GElf_Phdr segment;
        if (gelf_getphdr(object->elf, i, &segment) == NULL) return refuse(why, elf_errmsg(-1));
        if (!inside(segment.p_offset, segment.p_filesz, object->size))
            return truncated(why, object, segment.p_offset, segment.p_filesz);
    }
    for (Elf_Scn *section = NULL; (section = elf_nextscn(object->elf, section)) != NULL;) {
        GElf_Shdr about;
        if (gelf_getshdr(section, &about) == NULL) return refuse(why, elf_errmsg(-1));
        if (about.sh_type != SHT_NOBITS && !inside(about.sh_offset, about.sh_size, object->size))
            return truncated(why, object, about.sh_offset, about.sh_size);
    }
    return true;
}

static bool find_symbols(object_file *object, failure *why)
{
    for (Elf_Scn *section = NULL; (section = elf_nextscn(object->elf, section)) != NULL;) {
        if (gelf_getshdr(section, &object->symbols) == NULL ||
            object->symbols.sh_type != SHT_DYNSYM)
            continue;
        const size_t entry = gelf_fsize(object->elf, ELF_T_SYM, 1, EV_CURRENT);
        object->symbol_data = elf_getdata(section, NULL);
        if (object->symbol_data == NULL || entry == 0)
            return failure_set(why, STATUS_ENVIRONMENT, "its symbol table is damaged: %s",
                               elf_errmsg(-1));
        object->symbol_count = object->symbol_data->d_size / entry;
        return true;
    }
    return refuse(why, "it has no table of dynamic symbols: build it with -shared and without "
                       "removing its sections");
}

static void object_file_close(object_file *object)
{
    elf_end(object->elf); /* NULL is allowed */
    free(object->bytes);
}

/* Opened and checked. On failure there is nothing to close. */
static bool object_file_open(object_file *object, const char *path, failure *why)
{
    *object = (object_file){0};
    if (!file_read(path, &object->bytes, &object->size, why)) return false;
    bool good = true;
    if (object->size < SELFMAG || memcmp(object->bytes, ELFMAG, SELFMAG) != 0)
        good = refuse(why, object->size == 0 ? "the file is empty"
                                             : "it is no shared object (no ELF header)");
    if (good && elf_version(EV_CURRENT) == EV_NONE) good = refuse(why, elf_errmsg(-1));
    if (good) {
        object->elf = elf_memory((char *)object->bytes, object->size);
        if (object->elf == NULL || elf_kind(object->elf) != ELF_K_ELF ||
            gelf_getehdr(object->elf, &object->header) == NULL)
            good = refuse(why, "the file is truncated or damaged: its ELF header cannot be read");
    }
    good =
        good && check_machine(object, why) && check_whole(object, why) && find_symbols(object, why);
    if (!good) object_file_close(object);
    return good;
}

/* Name of exported symbol number i, or NULL if that one is not exported or not readable. */
static const char *exported_name(const object_file *object, size_t i, GElf_Sym *symbol)
{
    if (gelf_getsym(object->symbol_data, (int)i, symbol) == NULL) return NULL;
    const unsigned binding = GELF_ST_BIND(symbol->st_info);
    const unsigned visibility = GELF_ST_VISIBILITY(symbol->st_other);
    if (symbol->st_shndx == SHN_UNDEF) return NULL;
    if (binding != STB_GLOBAL && binding != STB_WEAK && binding != STB_GNU_UNIQUE) return NULL;
    if (visibility != STV_DEFAULT && visibility != STV_PROTECTED) return NULL;
    return elf_strptr(object->elf, object->symbols.sh_link, symbol->st_name);
}

/* Copies from where the loader will map `address`; false if no bytes of the file go there. */
static bool read_at_address(const object_file *object, uint64_t address, void *bytes, size_t count)
{
    for (int i = 0; i < object->header.e_phnum; ++i) {
        GElf_Phdr segment;
        if (gelf_getphdr(object->elf, i, &segment) == NULL || segment.p_type != PT_LOAD) continue;
        if (address < segment.p_vaddr) continue;
        const uint64_t into = address - segment.p_vaddr;
        if (into > segment.p_filesz || count > segment.p_filesz - into) continue;
        memcpy(bytes, object->bytes + segment.p_offset + into, count); /* see check_whole */
        return true;
    }
    return false;
}

bool object_file_entry(const char *path, entry_head *head, failure *why)
{
    object_file object;
    if (!object_file_open(&object, path, why)) return false;
    bool found = false, read = false;
    for (size_t i = 0; i < object.symbol_count && !found; ++i) {
        GElf_Sym symbol;
        const char *name = exported_name(&object, i, &symbol);
        found = name != NULL && strcmp(name, SLOPE_ENTRY_SYMBOL) == 0;
        read = found && symbol.st_size >= sizeof *head &&
               read_at_address(&object, symbol.st_value, head, sizeof *head);
    }
    object_file_close(&object);
    if (!found)
        return refuse(why, "it does not export '" SLOPE_ENTRY_SYMBOL
                           "': define the plugin with SLOPE_PLUGIN (slope/plugin.h)");
    if (!read)
        return refuse(why, "its '" SLOPE_ENTRY_SYMBOL
                           "' is no constant data: define the plugin with SLOPE_PLUGIN "
                           "(slope/plugin.h)");
    return true;
}

bool object_file_exports(arena *a, const char *path, const char *const **names, size_t *count,
                         failure *why)
{
    object_file object;
    if (!object_file_open(&object, path, why)) return false;
    const char **list = arena_alloc(a, object.symbol_count * sizeof *list);
    *count = 0;
    for (size_t i = 0; i < object.symbol_count; ++i) {
        GElf_Sym symbol;
        const char *name = exported_name(&object, i, &symbol);
        if (name != NULL) list[(*count)++] = arena_strdup(a, name);
    }
    *names = list;
    object_file_close(&object);
    return true;
}

bool object_file_constructors(const char *path, size_t *count, failure *why)
{
    object_file object;
    if (!object_file_open(&object, path, why)) return false;
    *count = 0;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(object.elf, section)) != NULL;) {
        GElf_Shdr about;
        if (gelf_getshdr(section, &about) != NULL && about.sh_type == SHT_INIT_ARRAY)
            *count += about.sh_size / gelf_fsize(object.elf, ELF_T_ADDR, 1, EV_CURRENT);
    }
    object_file_close(&object);
    return true;
}
