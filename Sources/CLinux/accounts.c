// Users and groups from /etc/passwd and /etc/group alone.
//
// FoundationEssentials refers to these four functions. glibc's bring NSS, which in a static binary loads whatever modules
// /etc/nsswitch.conf names from a host of another glibc: a crash (SIGFPE with `passwd: compat`) that no caller can catch.
// Defined in an object file of the executable, these come before the archive members of libc.a. Directory services
// (LDAP, systemd-userdbd) are not asked. Results and errors are those of getpwnam_r(3): 0 with a NULL result for
// "no such entry", ERANGE when `buffer` is too small.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/// An absent file has no entries; another failure is passed on.
static int opened(const char *path, FILE **file) {
    *file = fopen(path, "re");
    return *file || errno == ENOENT ? 0 : errno;
}

static int find_user(const char *name, uid_t identifier, struct passwd *entry, char *buffer, size_t size,
                     struct passwd **result) {
    *result = NULL;
    FILE *file;
    int reason = opened("/etc/passwd", &file);
    if (reason || !file) return reason;
    struct passwd *found;
    while ((reason = fgetpwent_r(file, entry, buffer, size, &found)) == 0) {
        if (name ? strcmp(found->pw_name, name) == 0 : found->pw_uid == identifier) {
            *result = found;
            break;
        }
    }
    fclose(file);
    return reason == ENOENT ? 0 : reason;
}

static int find_group(const char *name, gid_t identifier, struct group *entry, char *buffer, size_t size,
                      struct group **result) {
    *result = NULL;
    FILE *file;
    int reason = opened("/etc/group", &file);
    if (reason || !file) return reason;
    struct group *found;
    while ((reason = fgetgrent_r(file, entry, buffer, size, &found)) == 0) {
        if (name ? strcmp(found->gr_name, name) == 0 : found->gr_gid == identifier) {
            *result = found;
            break;
        }
    }
    fclose(file);
    return reason == ENOENT ? 0 : reason;
}

int getpwnam_r(const char *restrict name, struct passwd *restrict entry, char *restrict buffer, size_t size,
               struct passwd **restrict result) {
    return find_user(name, 0, entry, buffer, size, result);
}

int getpwuid_r(uid_t identifier, struct passwd *restrict entry, char *restrict buffer, size_t size,
               struct passwd **restrict result) {
    return find_user(NULL, identifier, entry, buffer, size, result);
}

int getgrnam_r(const char *restrict name, struct group *restrict entry, char *restrict buffer, size_t size,
               struct group **restrict result) {
    return find_group(name, 0, entry, buffer, size, result);
}

int getgrgid_r(gid_t identifier, struct group *restrict entry, char *restrict buffer, size_t size,
               struct group **restrict result) {
    return find_group(NULL, identifier, entry, buffer, size, result);
}
