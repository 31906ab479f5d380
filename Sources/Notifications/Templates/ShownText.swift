// Texts from outside made fit to be shown: no control characters, no tricks with direction, bounded by bytes.

extension String {
    /// Without control characters other than line ends and tabs, and without characters that are invisible or change
    /// the direction of what follows. CR LF and CR become LF.
    var withoutControls: String {
        let isClean = utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A || $0 == 0x09 }
        guard !isClean else { return self }
        var scalars = String.UnicodeScalarView()
        var last: Unicode.Scalar = " "
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0x0D: scalars.append("\n")
            case 0x0A where last == "\r": break
            case 0x09, 0x0A: scalars.append(scalar)
            case 0...0x1F, 0x7F...0x9F: scalars.append(" ")
            case 0x2028, 0x2029: scalars.append("\n")
            case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE0FFF: break
            default: scalars.append(scalar)
            }
            last = scalar
        }
        return String(scalars)
    }

    /// One line of at most `limit` bytes: runs of white space become one space, none at the ends.
    func shownLine(limit: Int) -> String {
        let words = withoutControls.split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r\n" }
        return words.joined(separator: " ").cutVisibly(to: limit)
    }

    /// At most `limit` bytes, cut between characters, `…` at the end of what was cut.
    func cutVisibly(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        return prefix(bytes: limit - 3) + "…"
    }

    /// The longest beginning of whole characters that has at most so many bytes. A single character that is longer (a
    /// pile of combining marks) is cut between its scalars.
    func prefix(bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        guard limit > 0 else { return "" }
        var used = 0
        var end = startIndex
        for index in indices {
            let size = self[index].utf8.count
            guard used + size <= limit else { break }
            used += size
            end = self.index(after: index)
        }
        if end > startIndex { return String(self[..<end]) }
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let size = UTF8.width(scalar)
            guard used + size <= limit else { break }
            used += size
            scalars.append(scalar)
        }
        return String(scalars)
    }

    /// A text of at most `limit` bytes that says how much of this one it leaves out, and where the rest is.
    ///
    /// - Parameters: note: put after what was cut, given the number of bytes left out.
    func cutWithNote(to limit: Int, note: (Int) -> String) -> String {
        guard utf8.count > limit else { return self }
        // The note's length depends on the number in it; the largest number has the longest note.
        let room = limit - note(utf8.count).utf8.count - 3
        guard room > 0 else { return cutVisibly(to: limit) }
        let kept = prefix(bytes: room)
        return kept + "…" + note(utf8.count - kept.utf8.count)
    }
}

extension UTF8 {
    /// Bytes of a scalar.
    static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case ..<0x80: 1
        case ..<0x800: 2
        case ..<0x10000: 3
        default: 4
        }
    }
}
