// Prompts with variables: put in once, unknown ones refused with their line.

import Testing

@testable import Conversation

@Suite struct PromptTemplateTests {
    @Test func variablesAreReplaced() throws {
        let template = try PromptTemplate("Hi {{caller}}, {{ bot }}!\n{{tools}}{{date}}")
        #expect(template.render([.caller: "ann", .bot: "b", .tools: "t"]) == "Hi ann, b!\nt")
        #expect(template.source == "Hi {{caller}}, {{ bot }}!\n{{tools}}{{date}}")
    }

    @Test(arguments: ["", "no variables", "{single} } {", "a }} b", "é漢"]) func textStaysText(_ text: String) throws {
        #expect(try PromptTemplate(text).render([.caller: "x"]) == text)
    }

    /// A user who calls himself `{{tools}}` must not get anything put in.
    @Test func valuesAreNotRead() throws {
        #expect(try PromptTemplate("{{caller}}").render([.caller: "{{tools}}", .tools: "secret"]) == "{{tools}}")
    }

    @Test(arguments: [
        ("{{user}}", 1, "`{{user}}` is not known"), ("a\nb\n{{ Caller }}", 3, "`{{Caller}}` is not known"),
        ("a\r\nb {{date", 2, "`{{` is not closed"), ("{{date}}\n{{}}", 2, "is not known"),
        ("\n\n{{date}\n}", 3, "is not closed"),
    ]) func faultsHaveTheirLine(_ text: String, _ line: Int, _ reason: String) {
        let fault = #expect(throws: PromptFault.self) { try PromptTemplate(text) }
        #expect(fault?.line == line)
        #expect(fault?.reason.contains(reason) == true)
    }

    @Test func everyVariableHasAPlace() throws {
        for variable in PromptTemplate.Variable.allCases {
            #expect(try PromptTemplate("{{\(variable.rawValue)}}").render([variable: "v"]) == "v")
        }
    }
}
