// Numbers that ids are made of.

import Synchronization

/// Numbers that do not come twice. Not secret: made from one seed, so that no request waits for the system's random
/// numbers.
package enum UniqueNumber {
    private static let seed = UInt64.random(in: .min ... .max)
    private static let counter = Atomic<UInt64>(0)

    /// Never 0.
    package static func next() -> UInt64 {
        // SplitMix64: one-to-one, so that numbers of one process never meet.
        var value = seed &+ counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        value ^= value >> 31
        return value == 0 ? 1 : value
    }
}
