/// A number with its noun, for people: `1 host`, `2 hosts`.
package enum Count {
    package static func of(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
