// A value that lies on the heap and behaves as a value.

/// Holds what is rare and large by one reference. By typed throws the bytes of an error would otherwise lie in the frame of
/// every function that it may pass through, and each of thousands of waiting turns holds a dozen of those.
package struct Box<Value: Sendable>: Sendable {
    private final class Storage: Sendable {
        let value: Value

        init(_ value: Value) {
            self.value = value
        }
    }

    private var storage: Storage

    package init(_ value: Value) {
        storage = Storage(value)
    }

    package var value: Value {
        get { storage.value }
        set { storage = Storage(newValue) }
    }
}

extension Box: Equatable where Value: Equatable {
    package static func == (left: Box, right: Box) -> Bool { left.value == right.value }
}

extension Box: Hashable where Value: Hashable {
    package func hash(into hasher: inout Hasher) { value.hash(into: &hasher) }
}
