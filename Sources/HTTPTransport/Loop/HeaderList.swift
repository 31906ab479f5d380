// Header lines in the form in which libcurl reads them, most of them the same from one request to the next.

import CCurl
import Glibc

/// A list of header lines. Lines that stay as they were are not copied again.
struct HeaderList: ~Copyable {
    private(set) var first: UnsafeMutablePointer<curl_slist>?
    private var count = 0

    deinit {
        curl_slist_free_all(first)
    }

    /// False when there is no memory; the list is empty then.
    mutating func replace(with lines: HeaderLines) -> Bool {
        let isDone = lines.count == count ? update(lines) : rebuild(lines)
        if !isDone { removeAll() }
        return isDone
    }

    private func update(_ lines: HeaderLines) -> Bool {
        var node = first
        return lines.forEach { line in
            guard let current = node else { return false }
            node = current.pointee.next
            return strcmp(current.pointee.data, line) == 0 || ccurl_set_line(current, line) != 0
        }
    }

    private mutating func rebuild(_ lines: HeaderLines) -> Bool {
        removeAll()
        var list: UnsafeMutablePointer<curl_slist>?
        let isDone = lines.forEach { line in
            guard let longer = curl_slist_append(list, line) else { return false }
            list = longer
            return true
        }
        first = list
        count = lines.count
        return isDone
    }

    private mutating func removeAll() {
        curl_slist_free_all(first)
        first = nil
        count = 0
    }
}
