// Where a call's arguments end, found piece by piece.

package import JSON

/// Looks when the JSON text of a call's arguments is complete: brackets outside of strings are counted, nothing else.
package struct ArgumentScan: Sendable {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    package private(set) var isComplete = false

    package init() {}

    package mutating func take(_ text: JSONText) {
        for byte in text.decoded.utf8 where !isComplete {
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isInString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    isComplete = depth <= 0
                default: break
                }
            }
        }
    }
}
