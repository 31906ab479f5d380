// What Swift needs of libpq: the library's own header, and the fields of an error (character constants in C).
#pragma once
#include <libpq-fe.h>

static const int opsgate_pg_sqlstate = PG_DIAG_SQLSTATE;
static const int opsgate_pg_message = PG_DIAG_MESSAGE_PRIMARY;
static const int opsgate_pg_detail = PG_DIAG_MESSAGE_DETAIL;
static const int opsgate_pg_column = PG_DIAG_COLUMN_NAME;
static const int opsgate_pg_constraint = PG_DIAG_CONSTRAINT_NAME;
static const int opsgate_pg_source_function = PG_DIAG_SOURCE_FUNCTION;
