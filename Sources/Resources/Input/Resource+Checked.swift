// Bodies for owners that create rows in their own way.

package import JSON

extension Resource {
    /// The values that a body for a new row sets, defaults included, checked as a creation checks them.
    ///
    /// - Throws: `ResourceError.invalid` with every fault.
    package func checkedForCreation(_ body: JSONObject) throws -> ResourceRecord {
        ResourceRecord(try prepare(body, for: .create).values)
    }
}
