// The two options of resolv.conf(5) that bound a query. c-ares reads everything else of that file itself.
#include "resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// c-ares' own later defaults: with three attempts of two seconds, a dead first server costs two seconds, not five.
static const apus_resolver_options defaults = {.timeout_seconds = 2, .attempts = 3};

static int clamped(const char *digits, int lowest, int highest, int otherwise) {
    char *end;
    long number = strtol(digits, &end, 10);
    if (end == digits) return otherwise;
    return number < lowest ? lowest : number > highest ? highest : (int)number;
}

apus_resolver_options apus_read_resolver_options(const char *path) {
    apus_resolver_options options = defaults;
    FILE *file = fopen(path, "re");
    if (!file) return options;
    char line[1024];
    int lines = 0;
    while (lines++ < 1000 && fgets(line, sizeof line, file)) {
        char *rest = NULL;
        char *word = strtok_r(line, " \t\r\n", &rest);
        if (!word || strcmp(word, "options") != 0) continue;
        while ((word = strtok_r(NULL, " \t\r\n", &rest))) {
            if (strncmp(word, "timeout:", 8) == 0) {
                options.timeout_seconds = clamped(word + 8, 1, 30, options.timeout_seconds);
            } else if (strncmp(word, "attempts:", 9) == 0) {
                options.attempts = clamped(word + 9, 1, 5, options.attempts);
            }
        }
    }
    fclose(file);
    return options;
}
