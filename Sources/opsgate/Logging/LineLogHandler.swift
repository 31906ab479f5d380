// One line an event: for people, or as JSON for machines.

import Foundation
import JSON
import Logging
import Resources

/// The program's log handler. Static messages, everything that varies in the metadata.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: Settings.LogFormat
    private let writer: LogWriter

    init(level: Logger.Level, format: Settings.LogFormat, writer: LogWriter) {
        logLevel = level
        self.format = format
        self.writer = writer
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let merged = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
        let time = Timestamp.now.text
        let line =
            switch format {
            case .text: text(time, event, merged)
            case .json: json(time, event, merged)
            }
        writer.write(line, now: event.level >= .error)
    }

    private func text(_ time: String, _ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var line = "\(time) \(event.level.rawValue) \(event.message)"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            let isPlain =
                !text.isEmpty
                && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && !(0x7F...0x9F).contains($0.value) }
            line += " \(key)=\(isPlain ? text : JSONValue.string(text).text)"
        }
        return line
    }

    private func json(_ time: String, _ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("time")
        writer.string(time)
        writer.key("level")
        writer.string(event.level.rawValue)
        writer.key("message")
        writer.string("\(event.message)")
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where !["time", "level", "message"].contains(key) {
            writer.key(key)
            writer.string("\(value)")
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
