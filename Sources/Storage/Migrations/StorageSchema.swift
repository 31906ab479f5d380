// The tables that the store itself needs.

/// Steps of this room: the range 980–999, out of the way of the others.
package enum StorageSchema {
    package static let migrations: [Migration] = [
        Migration(number: 980, name: "leases") { _ in
            [
                """
                CREATE TABLE leases (
                    name TEXT PRIMARY KEY,
                    holder TEXT NOT NULL,
                    token BIGINT NOT NULL,
                    expires_at BIGINT NOT NULL
                )
                """
            ]
        }
    ]
}
