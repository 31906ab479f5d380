// Header lines in the form in which libcurl reads them, most of them the same from one request to the next.

import CCurl

/// A list of header lines. Lines that stay as they were are not copied again.
struct HeaderList: ~Copyable {
    private(set) var first: UnsafeMutablePointer<curl_slist>?
    private var lines: [String] = []

    deinit {
        curl_slist_free_all(first)
    }

    /// False when there is no memory; the list is empty then.
    mutating func replace(with lines: [String]) -> Bool {
        let isDone = lines.count == self.lines.count ? update(lines) : rebuild(lines)
        if !isDone { removeAll() }
        return isDone
    }

    private mutating func update(_ lines: [String]) -> Bool {
        var node = first
        for index in lines.indices {
            guard let current = node else { return false }
            if lines[index] != self.lines[index], ccurl_set_line(current, lines[index]) == 0 { return false }
            node = current.pointee.next
        }
        self.lines = lines
        return true
    }

    private mutating func rebuild(_ lines: [String]) -> Bool {
        removeAll()
        for line in lines {
            guard let longer = curl_slist_append(first, line) else { return false }
            first = longer
        }
        self.lines = lines
        return true
    }

    private mutating func removeAll() {
        curl_slist_free_all(first)
        first = nil
        lines = []
    }
}
