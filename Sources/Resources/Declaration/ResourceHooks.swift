// Where a resource's owner puts the ordinary Swift that makes it special.

package import Identity
package import JSON
package import Storage

/// What a hook knows of the write it takes part in. Hooks run inside the transaction, on the database's thread.
package struct WriteContext {
    package let operation: ResourceOperation
    /// The row as it was; nil at creation.
    package let before: ResourceRecord?
    package let caller: Caller
    /// The transaction: what a hook writes here is committed, or not, together with the row.
    package let connection: any SQLConnection
    package let now: Timestamp

    package init(
        operation: ResourceOperation,
        before: ResourceRecord?,
        caller: Caller,
        connection: any SQLConnection,
        now: Timestamp
    ) {
        self.operation = operation
        self.before = before
        self.caller = caller
        self.connection = connection
        self.now = now
    }
}

/// The owner's part in writes. A `ResourceError` thrown by a hook is the answer; nothing is kept then.
package struct ResourceHooks: Sendable {
    /// Before a create, replace or patch, after validation: may change any field, read-only ones too, and refuse.
    package var beforeWrite: (@Sendable (inout ResourceRecord, WriteContext) throws -> Void)?
    /// After a create, replace or patch, with the row as stored. Not called when a write changed nothing.
    package var afterWrite: (@Sendable (ResourceRecord, WriteContext) throws -> Void)?
    /// Before a delete, before it is asked what refers to the row: may remove what belongs to it, and refuse.
    package var beforeDelete: (@Sendable (ResourceRecord, WriteContext) throws -> Void)?
    /// After a delete, with the row as it was.
    package var afterDelete: (@Sendable (ResourceRecord, WriteContext) throws -> Void)?

    package init(
        beforeWrite: (@Sendable (inout ResourceRecord, WriteContext) throws -> Void)? = nil,
        afterWrite: (@Sendable (ResourceRecord, WriteContext) throws -> Void)? = nil,
        beforeDelete: (@Sendable (ResourceRecord, WriteContext) throws -> Void)? = nil,
        afterDelete: (@Sendable (ResourceRecord, WriteContext) throws -> Void)? = nil
    ) {
        self.beforeWrite = beforeWrite
        self.afterWrite = afterWrite
        self.beforeDelete = beforeDelete
        self.afterDelete = afterDelete
    }
}

/// A member of the output that no column holds, worked out for a whole page at once.
package struct ComputedField: Sendable {
    package let name: String
    /// Its JSON Schema, for the OpenAPI document.
    package let schema: JSONValue
    /// One value per record, in their order.
    package let values: @Sendable ([ResourceRecord], any SQLConnection, Caller) throws -> [JSONValue]

    /// For values that take a query: one query for the page, not one per row.
    package init(
        _ name: String,
        schema: JSONValue,
        page values: @escaping @Sendable ([ResourceRecord], any SQLConnection, Caller) throws -> [JSONValue]
    ) {
        self.name = name
        self.schema = schema
        self.values = values
    }

    /// For values that follow from the row alone.
    package init(_ name: String, schema: JSONValue, row value: @escaping @Sendable (ResourceRecord) -> JSONValue) {
        self.init(name, schema: schema, page: { records, _, _ in records.map(value) })
    }
}
