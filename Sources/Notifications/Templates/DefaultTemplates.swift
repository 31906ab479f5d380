// The templates of channels that bring none: short, readable on a telephone, and safe whatever an alert says.

/// Compiled once. They are tested to compile; should one not, the plain text takes its place.
enum DefaultTemplates {
    private static let compiled: [TemplatePart: MessageTemplate] = Dictionary(
        uniqueKeysWithValues: TemplatePart.allCases.compactMap { part in
            (try? MessageTemplate(source(part), style: part.style, limit: part.limit)).map { (part, $0) }
        }
    )

    static func template(_ part: TemplatePart) -> MessageTemplate? { compiled[part] }

    static func source(_ part: TemplatePart) -> String {
        switch part {
        case .title: "[{{level_name}}] {{headline}}: {{title}}"
        case .text: text
        case .html: html
        case .markdown: markdown
        case .digestTitle: "{{total}} notices{{#by_level}}, {{count}} {{name}}{{/by_level}}"
        case .digestText: digestText
        case .digestHTML: digestHTML
        case .digestMarkdown: digestMarkdown
        }
    }

    private static let text = """
        {{headline}}: {{title}}

        Level:    {{level}}
        Status:   {{status}}
        {{#host}}
        Host:     {{host}}
        {{/host}}
        {{#source}}
        Source:   {{source}}
        {{/source}}
        {{#started_at}}
        Started:  {{started_at}}
        {{/started_at}}
        {{#ended_at}}
        Ended:    {{ended_at}}
        {{/ended_at}}
        {{#duration}}
        Duration: {{duration}}
        {{/duration}}
        {{#people_text}}
        People:   {{people_text}}
        {{/people_text}}
        {{#description}}

        {{description}}
        {{/description}}
        {{#labels_text}}

        Labels:   {{labels_text}}
        {{/labels_text}}
        {{#link}}

        {{link}}
        {{/link}}

        """

    /// Tables and inline styles: what mail programs of all ages show alike.
    private static let html = """
        <!DOCTYPE html>
        <html><body style="margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:14px;color:#222">
        <div style="max-width:640px;border:1px solid #ddd;border-top:4px solid {{color}}">
        <div style="padding:12px 16px">
        <div style="color:{{color}};font-weight:bold">{{level_name}} · {{headline}}</div>
        <div style="font-size:18px;margin:4px 0 12px">{{title}}</div>
        <table cellpadding="0" cellspacing="0" style="font-size:14px">
        {{#status}}
        <tr><td style="color:#777;padding:2px 16px 2px 0">Status</td><td>{{status}}</td></tr>
        {{/status}}
        {{#host}}
        <tr><td style="color:#777;padding:2px 16px 2px 0">Host</td><td>{{host}}</td></tr>
        {{/host}}
        {{#source}}
        <tr><td style="color:#777;padding:2px 16px 2px 0">Source</td><td>{{source}}</td></tr>
        {{/source}}
        {{#started_at}}
        <tr><td style="color:#777;padding:2px 16px 2px 0">Started</td><td>{{started_at}}</td></tr>
        {{/started_at}}
        {{#ended_at}}
        <tr><td style="color:#777;padding:2px 16px 2px 0">Ended</td><td>{{ended_at}}</td></tr>
        {{/ended_at}}
        {{#duration}}
        <tr><td style="color:#777;padding:2px 16px 2px 0">Duration</td><td>{{duration}}</td></tr>
        {{/duration}}
        {{#label_list}}
        <tr><td style="color:#777;padding:2px 16px 2px 0">{{name}}</td><td>{{value}}</td></tr>
        {{/label_list}}
        </table>
        {{#description}}
        <p style="white-space:pre-wrap;margin:12px 0 0">{{description}}</p>
        {{/description}}
        {{#link}}
        <p style="margin:16px 0 4px"><a href="{{link}}" style="color:#1565c0">Open</a></p>
        {{/link}}
        </div></div>
        </body></html>

        """

    private static let markdown = """
        **<font color="{{tone}}">{{level_name}}</font> {{headline}}: {{title}}**
        {{#status}}
        > Status: {{status}}
        {{/status}}
        {{#host}}
        > Host: {{host}}
        {{/host}}
        {{#source}}
        > Source: {{source}}
        {{/source}}
        {{#started_at}}
        > Started: {{started_at}}
        {{/started_at}}
        {{#ended_at}}
        > Ended: {{ended_at}}
        {{/ended_at}}
        {{#duration}}
        > Duration: {{duration}}
        {{/duration}}
        {{#link}}
        [Open]({{link}})
        {{/link}}
        {{#description}}
        {{description}}
        {{/description}}

        """

    private static let digestText = """
        {{total}} notices

        {{#by_level}}
        {{count}} {{name}}
        {{/by_level}}

        {{#by_status}}
        {{count}} {{name}}
        {{/by_status}}

        {{#notices}}
        - [{{level_name}}] {{headline}}: {{title}}{{#host}} ({{host}}){{/host}}
        {{/notices}}
        {{#has_more}}
        … and {{not_shown}} more
        {{/has_more}}
        {{#link}}

        {{link}}
        {{/link}}

        """

    private static let digestHTML = """
        <!DOCTYPE html>
        <html><body style="margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:14px;color:#222">
        <div style="font-size:18px;margin:0 0 8px">{{total}} notices</div>
        <p>{{#by_level}}<b>{{count}}</b> {{name}} &nbsp; {{/by_level}}</p>
        <p style="color:#777">{{#by_status}}{{count}} {{name}} &nbsp; {{/by_status}}</p>
        <table cellpadding="0" cellspacing="0" style="font-size:14px">
        {{#notices}}
        <tr><td style="color:{{color}};padding:2px 12px 2px 0;font-weight:bold">{{level_name}}</td>
        <td style="padding:2px 12px 2px 0">{{headline}}</td><td style="padding:2px 12px 2px 0">{{title}}</td>
        <td style="color:#777">{{host}}</td></tr>
        {{/notices}}
        </table>
        {{#has_more}}
        <p>… and {{not_shown}} more</p>
        {{/has_more}}
        {{#link}}
        <p><a href="{{link}}" style="color:#1565c0">Open the list</a></p>
        {{/link}}
        </body></html>

        """

    private static let digestMarkdown = """
        **{{total}} notices**
        > {{#by_level}}{{count}} {{name}}  {{/by_level}}
        > {{#by_status}}{{count}} {{name}}  {{/by_status}}
        {{#link}}
        [Open the list]({{link}})
        {{/link}}
        {{#notices}}
        <font color="{{tone}}">{{level_name}}</font> {{headline}}: {{title}}
        {{/notices}}
        {{#has_more}}
        … and {{not_shown}} more
        {{/has_more}}

        """
}
