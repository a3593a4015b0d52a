/*
 * Runs a harness over kept inputs, without a fuzzer:
 *
 *     abi FILE...    files, and folders of files
 *
 * Each name is printed before its input runs, so that the last one is to blame.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

enum { LARGEST_INPUT = 1 << 20 };

static void replay(const char *path, long *count)
{
    static uint8_t content[LARGEST_INPUT];
    FILE *file = fopen(path, "rb");
    uint8_t *input;
    size_t size;

    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size = fread(content, 1, sizeof content, file);
    fclose(file);
    /* In a block of its own size, so that a look behind it is found out. */
    input = malloc(size > 0 ? size : 1);
    if (input == NULL)
        exit(2);
    memcpy(input, content, size);
    puts(path);
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    (*count)++;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_all(const char *path, long *count)
{
    struct dirent **entries;
    int entry_count = scandir(path, &entries, is_visible, by_name);

    if (entry_count < 0) {
        replay(path, count);
        return;
    }
    for (int i = 0; i < entry_count; i++) {
        char name[4096];

        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        replay(name, count);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    long count = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        replay_all(argv[i], &count);
    printf("%ld inputs\n", count);
    return 0;
}
