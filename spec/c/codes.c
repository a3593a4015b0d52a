/*
 * Whether compiled codes take the memory that they say.
 *
 *     codes COUNT DROPPED KEPT
 *
 * Compiles the file DROPPED, which it drops, and the file KEPT, which it keeps, COUNT times. Tells
 * what the codes say, what the memory of the process grew by, and the same when the room is clear
 * and when all codes are free, in bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contractlua/room.h"
#include "contractlua/state.h"

enum { MOST_CODES = 64, LARGEST_FILE = 1 << 20 };

static void die(const char *what, const char *text)
{
    fprintf(stderr, "codes: %s: %s\n", what, text);
    exit(1);
}

static vmh_bytes read_file(const char *path)
{
    static char texts[2][LARGEST_FILE];
    static int count;
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL)
        die(path, "cannot be read");
    size = fread(texts[count], 1, LARGEST_FILE, file);
    fclose(file);
    return vmh_bytes_of(texts[count++], size);
}

/* Bytes that the process has. */
static long resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages;

    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        die("/proc/self/statm", "cannot be read");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* NULL where it is refused. */
static vmh_lua_code *compile(const vmh_lua_library *library, vmh_bytes source)
{
    vmh_arena tree = vmh_lua_room_take_tree(source.size);
    vmh_lua_code *code = NULL;
    vmh_lua_refusal refusal;
    vmh_failure why;

    if (vmh_lua_compile(vmh_bytes_text("codes"), source, library->names, library->global_count,
                        &tree, &code, &refusal, &why) != VMH_OK)
        die("compile", why.text);
    vmh_lua_room_leave_tree(tree, source.size);
    return code;
}

int main(int argc, char **argv)
{
    vmh_lua_code *codes[MOST_CODES];
    vmh_lua_library *library;
    vmh_bytes dropped, kept;
    size_t said = 0;
    long before, grown, cleared;
    vmh_failure why;
    int count;

    if (argc != 4 || (count = atoi(argv[1])) < 1 || count > MOST_CODES)
        return 2;
    dropped = read_file(argv[2]);
    kept = read_file(argv[3]);
    if (vmh_lua_library_new(false, &library, &why) != VMH_OK)
        die("library", why.text);
    before = resident();
    for (int i = 0; i < count; i++) {
        vmh_lua_code_free(compile(library, dropped));
        codes[i] = compile(library, kept);
        if (codes[i] == NULL)
            die(argv[3], "is refused");
        said += vmh_lua_code_size(codes[i]);
    }
    grown = resident() - before;
    vmh_lua_room_clear();
    cleared = resident() - before;
    for (int i = 0; i < count; i++)
        vmh_lua_code_free(codes[i]);
    vmh_lua_room_clear();
    printf("%zu said, %ld grown, %ld without room, %ld at the end\n", said, grown, cleared,
           resident() - before);
    vmh_lua_library_free(library);
    return 0;
}
