// What Swift needs of SQLite: the library's own header, and functions around its macros and variadics.
#pragma once
#include <sqlite3.h>

/// Binds text that SQLite copies (SQLITE_TRANSIENT is a cast that Swift cannot import).
static inline int opsgate_sqlite3_bind_text(sqlite3_stmt *statement, int slot, const char *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, slot, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Binds bytes that SQLite copies.
static inline int opsgate_sqlite3_bind_blob(sqlite3_stmt *statement, int slot, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, slot, bytes, count, SQLITE_TRANSIENT);
}

/// Switches one of the connection's on/off settings.
static inline int opsgate_sqlite3_db_config(sqlite3 *connection, int setting, int on) {
    return sqlite3_db_config(connection, setting, on, (int *)0);
}
