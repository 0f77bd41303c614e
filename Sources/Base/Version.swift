/// What this binary is. `make release` passes the commit in the environment of the build; a plain build says `dev`.
package enum Version {
    package static let number = "0.1.0"
    package static let name = "apus"
}
