// The elements of an array and the members of an object, one after another.

/// The elements of an array in a document.
package struct JSONElements: Sequence, IteratorProtocol, Sendable {
    private let storage: JSONStorage
    private var position: Int
    private let end: Int

    init(storage: JSONStorage, range: Range<Int>) {
        self.storage = storage
        position = range.lowerBound
        end = range.upperBound
    }

    package mutating func next() -> JSONView? {
        guard position < end else { return nil }
        let index = position
        position = Int(storage.tape[index].next)
        return JSONView(storage: storage, index: index)
    }
}

/// The members of an object in a document, in the order they came, duplicates included.
package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    private let storage: JSONStorage
    private var position: Int
    private let end: Int

    init(storage: JSONStorage, range: Range<Int>) {
        self.storage = storage
        position = range.lowerBound
        end = range.upperBound
    }

    package mutating func next() -> JSONMember? {
        guard position < end else { return nil }
        let index = position
        position = Int(storage.tape[index + 1].next)
        return JSONMember(storage: storage, index: index)
    }
}

/// A member of an object in a document. Name and value are made when asked for.
package struct JSONMember: Sendable {
    private let storage: JSONStorage
    private let index: Int

    init(storage: JSONStorage, index: Int) {
        self.storage = storage
        self.index = index
    }

    /// The decoded name. Up to 15 bytes cost no allocation; `keyEquals` never does.
    package var key: String { storage.string(storage.tape[index]) }

    /// The name as a string in the document: its range, its escaped form.
    package var keyView: JSONView { JSONView(storage: storage, index: index) }

    package var value: JSONView { JSONView(storage: storage, index: index + 1) }

    /// Whether the name stands for exactly this text.
    package func keyEquals(_ name: String) -> Bool { storage.equals(storage.tape[index], name.utf8.span) }

    /// Name and value as they stand in the document, `"name": value`.
    package var range: Range<Int> { storage.tape[index].range.lowerBound..<storage.tape[index + 1].range.upperBound }
}
