// The tokens of a text whose model does not count them, or has not yet.

/// A token is taken as four bytes of UTF-8, rounded up: near what tokenizers of the day give for English, somewhat
/// above for Chinese. Good enough for limits and reports, and marked as an estimate.
package enum TokenEstimate {
    package static func tokens(bytes: Int) -> Int { (bytes + 3) / 4 }
}
