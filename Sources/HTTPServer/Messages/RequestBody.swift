// The body of a request: there already, or still on its way.

/// Pieces of a body, in order. It can be read once.
package struct RequestBody: Sendable, AsyncSequence {
    enum Source: Sendable {
        case whole([UInt8])
        case pipe(BodyPipe)
    }

    let source: Source

    init(_ source: Source) {
        self.source = source
    }

    /// A body that is there.
    package init(_ bytes: [UInt8]) {
        source = .whole(bytes)
    }

    /// All of it, when it has come together with the head; nil when it must be waited for.
    package var whole: [UInt8]? {
        if case .whole(let bytes) = source { return bytes }
        return nil
    }

    /// Gives up what is still to come: whoever reads it gets `BodyFailure.abandoned`.
    package func abandon() {
        if case .pipe(let pipe) = source { pipe.fail(.abandoned) }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(source: source) }

    package struct Iterator: AsyncIteratorProtocol {
        var source: Source
        private var isDone = false

        init(source: Source) {
            self.source = source
        }

        /// - Throws: `BodyFailure` when the rest will not come; `CancellationError`.
        package mutating func next() async throws -> [UInt8]? {
            switch source {
            case .pipe(let pipe): return try await pipe.next()
            case .whole(let bytes):
                if isDone || bytes.isEmpty { return nil }
                isDone = true
                return bytes
            }
        }
    }
}

/// Why a body did not come to its end.
package enum BodyFailure: Error, Sendable {
    /// The connection ended in the middle of it, or what came was no HTTP.
    case incomplete
    /// `abandon` was called.
    case abandoned
}
