// Lists of values as one parameter: one statement for any number.

extension SQLDialect {
    /// The integers of a JSON array, given as one parameter, as a table with the column `id`.
    package func integers(_ parameter: String) -> String {
        switch self {
        case .sqlite: "(SELECT value AS id FROM json_each(\(parameter)))"
        case .postgresql:
            "(SELECT CAST(e AS BIGINT) AS id FROM json_array_elements_text(CAST(\(parameter) AS JSON)) e)"
        }
    }

    /// Whether an integer column is among those of a JSON array, given as one parameter: one statement for any number.
    package func isAmongIntegers(_ column: String, _ parameter: String) -> String {
        switch self {
        case .sqlite: "\(column) IN (SELECT value FROM json_each(\(parameter)))"
        case .postgresql:
            "\(column) = ANY (ARRAY(SELECT CAST(e AS BIGINT) "
                + "FROM json_array_elements_text(CAST(\(parameter) AS JSON)) e))"
        }
    }

    /// Whether a text column is among those of a JSON array, given as one parameter.
    package func isAmongTexts(_ column: String, _ parameter: String) -> String {
        switch self {
        case .sqlite: "\(column) IN (SELECT value FROM json_each(\(parameter)))"
        case .postgresql:
            "\(column) = ANY (ARRAY(SELECT e FROM json_array_elements_text(CAST(\(parameter) AS JSON)) e))"
        }
    }
}
