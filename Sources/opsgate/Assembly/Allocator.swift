// The memory allocator of the process.

import CMimalloc

/// mimalloc, which takes the place of the C library's allocator by being linked. A request makes some hundreds of small
/// allocations; with the C library's these are an eighth of its processor time more.
enum Allocator {
    /// Name and version.
    static var name: String {
        let version = mi_version()
        return "mimalloc \(version / 100).\(version / 10 % 10).\(version % 10)"
    }

    /// Whether what the program allocates comes from it: something that was loaded before it may have taken its place.
    static var isInForce: Bool {
        let pointer = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
        defer { pointer.deallocate() }
        return mi_is_in_heap_region(pointer)
    }
}
