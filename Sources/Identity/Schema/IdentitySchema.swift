// The tables of teams, users, API secrets, login failures and the audit log.

package import Storage

/// Migrations 1–19.
package enum IdentitySchema {
    package static let migrations: [Migration] = [
        Migration(number: 1, name: "teams and users") { dialect in
            [
                """
                CREATE TABLE teams (
                    id \(dialect.identityColumn),
                    name TEXT NOT NULL UNIQUE,
                    created_at BIGINT NOT NULL
                )
                """,
                // The first row of the table gets id 1, which is Team.defaultID.
                "INSERT INTO teams (name, created_at) VALUES ('default', \(dialect.nowMilliseconds))",
                """
                CREATE TABLE users (
                    id \(dialect.identityColumn),
                    username TEXT NOT NULL,
                    domain TEXT NOT NULL,
                    password_hash TEXT NOT NULL,
                    role TEXT NOT NULL,
                    is_active BIGINT NOT NULL DEFAULT 1,
                    token_version BIGINT NOT NULL DEFAULT 1,
                    created_at BIGINT NOT NULL,
                    updated_at BIGINT NOT NULL,
                    last_login_at BIGINT,
                    UNIQUE (username, domain)
                )
                """,
                """
                CREATE TABLE user_teams (
                    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    team_id BIGINT NOT NULL REFERENCES teams (id),
                    position BIGINT NOT NULL DEFAULT 0,
                    PRIMARY KEY (user_id, team_id)
                )
                """,
                "CREATE INDEX user_teams_by_team ON user_teams (team_id)",
            ]
        },
        Migration(number: 2, name: "API secrets") { dialect in
            [
                """
                CREATE TABLE api_secrets (
                    id \(dialect.identityColumn),
                    name TEXT NOT NULL,
                    description TEXT NOT NULL DEFAULT '',
                    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    team BIGINT NOT NULL REFERENCES teams (id),
                    hash TEXT NOT NULL UNIQUE,
                    prefix TEXT NOT NULL,
                    created_at BIGINT NOT NULL,
                    last_used_at BIGINT,
                    expires_at BIGINT
                )
                """,
                "CREATE INDEX api_secrets_by_user ON api_secrets (user_id)",
                "CREATE INDEX api_secrets_by_team ON api_secrets (team)",
            ]
        },
        Migration(number: 3, name: "audit log") { dialect in
            [
                // No foreign keys: the log outlives what it tells of.
                """
                CREATE TABLE audit_log (
                    id \(dialect.identityColumn),
                    team BIGINT NOT NULL,
                    user_id BIGINT NOT NULL,
                    username TEXT NOT NULL,
                    credential_kind TEXT NOT NULL,
                    credential_id BIGINT,
                    credential_name TEXT NOT NULL,
                    action TEXT NOT NULL,
                    object_type TEXT NOT NULL,
                    object_id TEXT NOT NULL,
                    before_json TEXT,
                    after_json TEXT,
                    at BIGINT NOT NULL,
                    request_id TEXT NOT NULL DEFAULT ''
                )
                """,
                "CREATE INDEX audit_log_by_time ON audit_log (team, at)",
                "CREATE INDEX audit_log_by_object ON audit_log (object_type, object_id)",
            ]
        },
        Migration(number: 4, name: "login failures") { _ in
            [
                // account_key is a hash: people type passwords into the field for the name.
                """
                CREATE TABLE login_failures (
                    account_key TEXT PRIMARY KEY,
                    failures BIGINT NOT NULL,
                    first_at BIGINT NOT NULL,
                    locked_until BIGINT NOT NULL DEFAULT 0
                )
                """,
                "CREATE INDEX login_failures_by_time ON login_failures (first_at)",
            ]
        },
        Migration(number: 5, name: "where people are reached") { _ in
            [
                "ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT ''",
                "ALTER TABLE users ADD COLUMN wecom_id TEXT NOT NULL DEFAULT ''",
            ]
        },
    ]
}
