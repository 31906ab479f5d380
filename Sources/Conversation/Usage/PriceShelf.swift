// The prices in force, read again when their file changes; the last good ones stay when it has become wrong.

import Foundation
package import Logging
package import Providers
import Synchronization
package import YAML

/// Keeps a `PriceBook` in step with its file. Models with a price in the configuration win over the file.
package final class PriceShelf: Sendable {
    private struct State {
        var file = PriceBook.empty
        var book = PriceBook.empty
        var profiles: [ModelProfile] = []
        var stamp: FileStamp?
        var fault: YAMLFault?
    }

    private let path: String
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter path: the YAML file; one that is not there means that no price is known.
    package init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
        reload(force: true)
    }

    package var book: PriceBook { state.withLock { $0.book } }
    /// What is wrong with the file now.
    package var fault: YAMLFault? { state.withLock { $0.fault } }

    /// Takes the prices that stand in the configuration of models.
    ///
    /// - Parameter read: gives what is in force. Called under the shelf's lock, so that of two changes at once the
    ///   later one's prices stay.
    package func use(_ read: () -> [ModelProfile]) {
        state.withLock { state in
            state.profiles = read()
            state.book = state.file.merging(state.profiles)
        }
    }

    /// Looks for changes every five seconds until the task is cancelled.
    package func watch() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            reload(force: false)
        }
    }

    /// Reads the file if it has changed.
    ///
    /// - Returns: whether it was read.
    @discardableResult
    package func reload(force: Bool) -> Bool {
        let stamp = FileStamp(of: path)
        if !force, stamp == state.withLock({ $0.stamp }) { return false }
        let loaded = Result { () throws(YAMLFault) -> PriceBook in
            guard stamp != nil else { throw YAMLFault(file: path, line: 0, reason: "is not there; no price is known") }
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw YAMLFault(file: path, line: 0, reason: "cannot be read")
            }
            return try PriceFile.read(text, file: path)
        }
        state.withLock { state in
            state.stamp = stamp
            switch loaded {
            case .success(let book):
                state.file = book
                state.book = book.merging(state.profiles)
                state.fault = nil
            case .failure(let fault): state.fault = fault
            }
        }
        switch loaded {
        case .success(let book) where !force:
            logger.notice("prices reloaded", metadata: ["models": "\(book.prices.count)"])
        case .failure(let fault) where stamp == nil: logger.notice("no prices", metadata: ["reason": "\(fault)"])
        case .failure(let fault): logger.error("price file refused", metadata: ["reason": "\(fault)"])
        default: break
        }
        return true
    }
}
