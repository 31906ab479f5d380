// A streamed answer over HTTP.

import HTTPServer
import HTTPTypes

extension Response {
    /// Server-sent events as they come; `notes` count their bytes.
    static func events(_ answer: StreamedAnswer, headers own: ResponseHeaders = [:], notes: RequestNotes) -> Response {
        var headers = answer.headers.adding(own)
        headers.add(.contentType, "text/event-stream")
        headers.add(.cacheControl, "no-cache")
        headers.add(.accelBuffering, "no")
        notes.set { $0.isStreaming = true }
        let stream = answer.stream
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                while let bytes = await stream.next() {
                    notes.set { $0.bytes += bytes.count }
                    do {
                        try await writer.write(bytes)
                    } catch {
                        stream.close()
                        throw error
                    }
                }
            }
        )
    }
}
