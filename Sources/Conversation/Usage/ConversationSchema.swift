// The tables of this room: usage, held rounds, approvals, responses.

import Resources
package import Storage

/// Migrations 40 to 59.
package enum ConversationSchema {
    package static let migrations: [Migration] = [
        Migration(number: 40, name: "usage") { dialect in
            [
                """
                CREATE TABLE usage_record (
                    id \(dialect.identityColumn),
                    request_id TEXT NOT NULL,
                    started_at BIGINT NOT NULL,
                    user_id BIGINT NOT NULL,
                    username TEXT NOT NULL,
                    team BIGINT NOT NULL,
                    credential_kind TEXT NOT NULL,
                    credential_id BIGINT,
                    surface TEXT NOT NULL,
                    requested_model TEXT NOT NULL,
                    bot_id TEXT,
                    provider TEXT,
                    model TEXT,
                    rounds BIGINT NOT NULL,
                    tools TEXT NOT NULL,
                    prompt_tokens BIGINT NOT NULL,
                    completion_tokens BIGINT NOT NULL,
                    cached_tokens BIGINT NOT NULL,
                    reasoning_tokens BIGINT NOT NULL,
                    is_estimated BIGINT NOT NULL,
                    first_token_ms BIGINT,
                    duration_ms BIGINT NOT NULL,
                    is_stream BIGINT NOT NULL,
                    outcome TEXT NOT NULL
                )
                """,
                "CREATE INDEX usage_record_team_started ON usage_record (team, started_at)",
            ]
        },
        Migration(number: 41, name: "held rounds") { _ in
            [
                """
                CREATE TABLE conversation_held_round (
                    user_id BIGINT NOT NULL,
                    call_id TEXT NOT NULL,
                    team BIGINT NOT NULL,
                    messages TEXT NOT NULL,
                    expires_at BIGINT NOT NULL,
                    PRIMARY KEY (user_id, call_id)
                )
                """,
                "CREATE INDEX conversation_held_round_expiry ON conversation_held_round (expires_at)",
            ]
        },
        Migration(number: 42, name: "approvals") { dialect in
            [
                """
                CREATE TABLE approval (
                    id \(dialect.identityColumn),
                    code TEXT NOT NULL UNIQUE,
                    user_id BIGINT NOT NULL,
                    username TEXT NOT NULL,
                    team BIGINT NOT NULL,
                    bot_id TEXT NOT NULL,
                    skill_id TEXT,
                    tool TEXT NOT NULL,
                    arguments TEXT NOT NULL,
                    summary TEXT NOT NULL,
                    language TEXT NOT NULL,
                    state TEXT NOT NULL,
                    created_at BIGINT NOT NULL,
                    expires_at BIGINT NOT NULL,
                    decided_at BIGINT,
                    result TEXT,
                    request_id TEXT NOT NULL,
                    held_call TEXT
                )
                """,
                "CREATE INDEX approval_user ON approval (user_id, state, expires_at)",
                "CREATE INDEX approval_expiry ON approval (expires_at)",
                """
                CREATE TABLE approval_guess (
                    user_id BIGINT PRIMARY KEY,
                    began_at BIGINT NOT NULL,
                    wrong BIGINT NOT NULL
                )
                """,
            ]
        },
        // One column a statement: SQLite adds them in no other way.
        Migration(number: 43, name: "usage cost") { _ in
            [
                "ALTER TABLE usage_record ADD COLUMN route TEXT NOT NULL DEFAULT ''",
                "ALTER TABLE usage_record ADD COLUMN attempts BIGINT NOT NULL DEFAULT 1",
                "ALTER TABLE usage_record ADD COLUMN cost_micros BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE usage_record ADD COLUMN currency TEXT NOT NULL DEFAULT 'USD'",
                "ALTER TABLE usage_record ADD COLUMN is_cost_known BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE usage_record ADD COLUMN error_type TEXT",
                "ALTER TABLE usage_record ADD COLUMN trace_id TEXT NOT NULL DEFAULT ''",
                "ALTER TABLE usage_record ADD COLUMN cache_write_tokens BIGINT NOT NULL DEFAULT 0",
                "CREATE INDEX usage_record_started ON usage_record (started_at)",
            ]
        },
        Migration(number: 44, name: "limits") { dialect in
            LimitResource.resource.createTableStatements(dialect) + [
                // What was taken by whom, where several nodes count together; `state` as `LimitMeter.text`.
                """
                CREATE TABLE limit_meter (
                    scope TEXT PRIMARY KEY,
                    state TEXT NOT NULL,
                    updated_at BIGINT NOT NULL
                )
                """,
                // Which nodes live, and until when they need not say so again.
                "CREATE TABLE limit_node (node TEXT PRIMARY KEY, expires_at BIGINT NOT NULL)",
            ]
        },
        Migration(number: 45, name: "responses") { _ in
            [
                """
                CREATE TABLE conversation_response (
                    id TEXT PRIMARY KEY,
                    user_id BIGINT NOT NULL,
                    team BIGINT NOT NULL,
                    previous_id TEXT,
                    input TEXT NOT NULL,
                    body TEXT NOT NULL,
                    bytes BIGINT NOT NULL,
                    created_at BIGINT NOT NULL,
                    expires_at BIGINT NOT NULL
                )
                """,
                "CREATE INDEX conversation_response_user ON conversation_response (user_id, created_at)",
                "CREATE INDEX conversation_response_expiry ON conversation_response (expires_at)",
            ]
        },
        // All that the sweep of what a user keeps looks at; what the one before was for, it does as well.
        Migration(number: 46, name: "index of kept responses") { _ in
            [
                """
                CREATE INDEX conversation_response_quota
                ON conversation_response (user_id, created_at, id, bytes)
                """,
                "DROP INDEX conversation_response_user",
            ]
        },
        // For turns whose rounds went to several targets; all others are whole in their rows.
        Migration(number: 47, name: "usage by target") { _ in
            [
                """
                CREATE TABLE usage_share (
                    usage_id BIGINT NOT NULL,
                    is_last BIGINT NOT NULL,
                    provider TEXT,
                    model TEXT,
                    prompt_tokens BIGINT NOT NULL,
                    completion_tokens BIGINT NOT NULL,
                    cached_tokens BIGINT NOT NULL,
                    cache_write_tokens BIGINT NOT NULL,
                    reasoning_tokens BIGINT NOT NULL,
                    is_estimated BIGINT NOT NULL,
                    cost_micros BIGINT NOT NULL,
                    is_cost_known BIGINT NOT NULL
                )
                """,
                "CREATE INDEX usage_share_usage ON usage_share (usage_id)",
            ]
        },
    ]
}
