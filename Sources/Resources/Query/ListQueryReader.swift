// Reads the query parameters of a list; whatever it does not know is refused by name.

package import Identity
package import Storage

extension Resource {
    /// No query has more parameters than this.
    private static let maximumParameters = 100
    /// No query is reported with more faults than this.
    private static let maximumFaults = 50

    /// The list that the parameters ask for. Conditions include the caller's teams.
    ///
    /// Parameters (names and values already percent-decoded): `page`, `page_size`, `ordering`, `search`,
    /// `field=value` (comma: any of; `\,` is a comma), `field__gte|lte|gt|lt`, `field__contains`, `field__isnull`, and
    /// the owner's filters. A parameter without value is a fault, except for a text's equality.
    package func listRequest(
        _ query: [(String, String)],
        caller: Caller,
        dialect: SQLDialect
    ) throws -> ListRequest {
        guard query.count <= Self.maximumParameters else {
            throw ResourceError.invalid("", "there must not be more than \(Self.maximumParameters) parameters")
        }
        var request = ListRequest()
        var errors: [FieldError] = []
        var equalities: [String: [String]] = [:]
        var orderingText: String?
        var seen: Set<String> = []
        for (name, value) in query {
            if Self.listParameters.contains(name), !seen.insert(name).inserted {
                errors.append(FieldError(name, "is given twice"))
                continue
            }
            do {
                switch name {
                case "page":
                    request.page = try Self.number(value, upTo: ListRequest.maximumPage)
                case "page_size":
                    request.pageSize = try Self.number(value, upTo: ListRequest.maximumPageSize)
                case "ordering":
                    orderingText = value
                case "search":
                    request.conditions += try searchConditions(value, dialect)
                default:
                    if let field = field(name), field.isFilterable {
                        equalities[name, default: []] += Self.splitAtCommas(value)
                    } else {
                        request.conditions.append(try condition(name, value, caller, dialect))
                    }
                }
            } catch let fault as FieldFault {
                errors.append(FieldError(name, fault.message))
            } catch ResourceError.invalid(let faults) {
                errors += faults
            }
        }
        for field in fields {
            guard let values = equalities[field.name] else { continue }
            do throws(FieldFault) {
                request.conditions.append(try equality(field, values, dialect))
            } catch {
                errors.append(FieldError(field.name, error.message))
            }
        }
        do throws(FieldFault) {
            request.ordering = try orderingTerms(orderingText)
        } catch {
            errors.append(FieldError("ordering", error.message))
        }
        guard errors.isEmpty else { throw ResourceError.invalid(Array(errors.prefix(Self.maximumFaults))) }
        if let scope = scope(caller) { request.conditions.append(scope) }
        return request
    }

    /// A parameter that is neither one of every list nor the plain name of a field.
    private func condition(
        _ name: String,
        _ value: String,
        _ caller: Caller,
        _ dialect: SQLDialect
    ) throws -> SQLFragment {
        for filter in filters {
            guard let argument = filter.argument(for: name) else { continue }
            try Self.checkText(argument)
            try Self.checkText(value)
            return try filter.condition(
                FilterArgument(name: argument, value: value, caller: caller, dialect: dialect)
            )
        }
        let (fieldName, suffix) = Self.splitSuffix(name)
        guard let suffix, let field = field(fieldName), field.isFilterable,
            let comparison = FilterSuffix(rawValue: suffix), comparison.fits(field)
        else { throw FieldFault("is not a parameter of this list") }
        return try compared(field, comparison, value, dialect)
    }

    private static func number(_ text: String, upTo maximum: Int) throws(FieldFault) -> Int {
        guard let number = Int(text), number >= 1 else { throw FieldFault("must be an integer from 1") }
        guard number <= maximum else { throw FieldFault("must be at most \(maximum)") }
        return number
    }

    /// The part after the last `__`, if there is one.
    private static func splitSuffix(_ name: String) -> (String, String?) {
        let bytes = Array(name.utf8)
        guard bytes.count > 3 else { return (name, nil) }
        for index in stride(from: bytes.count - 2, to: 0, by: -1)
        where bytes[index] == UInt8(ascii: "_") && bytes[index + 1] == UInt8(ascii: "_") {
            return (
                String(decoding: bytes[..<index], as: UTF8.self), String(decoding: bytes[(index + 2)...], as: UTF8.self)
            )
        }
        return (name, nil)
    }

    /// The values between commas; a backslash takes the character after it as it is.
    static func splitAtCommas(_ text: String) -> [String] {
        var values: [String] = []
        var current = String.UnicodeScalarView()
        var escaped = false
        for scalar in text.unicodeScalars {
            if escaped {
                current.append(scalar)
                escaped = false
            } else if scalar == "\\" {
                escaped = true
            } else if scalar == "," {
                values.append(String(current))
                current.removeAll()
            } else {
                current.append(scalar)
            }
        }
        if escaped { current.append("\\") }
        values.append(String(current))
        return values
    }
}
