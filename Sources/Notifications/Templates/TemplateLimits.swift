// How large templates and what comes out of them may be, and how much work one may make.

/// Bounds of templates. Whoever may edit a channel must not be able to stop the program with it.
enum TemplateLimits {
    /// Bytes of a title's template.
    static let titleBytes = 1_000
    /// Bytes of a text's or markdown's template.
    static let textBytes = 10_000
    /// Bytes of an HTML template.
    static let htmlBytes = 30_000
    /// Bytes of a webhook's body template.
    static let bodyBytes = 10_000
    /// Opening braces in a template; the parser's work grows with their number times the size.
    static let braces = 1_000
    /// Sections in sections.
    static let depth = 10
    /// Bytes of one tag.
    static let tagBytes = 200

    /// Values put in and rounds of lists while one template is rendered. Lists in lists multiply.
    static let steps = 20_000
    /// Bytes of all values put in, after escaping.
    static let valueBytes = 512 << 10
    /// Bytes of template text that rounds of lists may repeat.
    static let repeatedBytes = 8 << 20

    /// Bytes that come out.
    static let titleOutput = 500
    static let textOutput = 64 << 10
    static let htmlOutput = 256 << 10
    static let bodyOutput = 256 << 10
}
