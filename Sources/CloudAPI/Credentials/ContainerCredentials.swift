package import Base

/// The role of a container (ECS tasks, EKS Pod Identity), from an address in the environment.
///
/// A full URI is asked only over HTTPS or on this host (loopback and the link-local addresses of ECS and EKS): the
/// token goes to nobody else.
package struct ContainerCredentials: CredentialSource {
    package var name: String { "container" }
    private static let timeout = Duration.seconds(2)
    private static let attempts = 3
    private static let localHosts: Set<String> = [
        "localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
    ]

    private let environment: [String: String]
    private let http: any HTTPSender

    package init(environment: [String: String], http: any HTTPSender) {
        self.environment = environment
        self.http = http
    }

    package func load() async throws(ApusError) -> CloudCredentials? {
        guard let url = try url() else { return nil }
        var request = OutgoingRequest(method: "GET", url: url, timeout: ContainerCredentials.timeout)
        if let token = try token() { request.headers.append((name: "Authorization", value: token.reveal())) }
        var reason: ApusError?
        for _ in 0..<ContainerCredentials.attempts {
            do throws(ApusError) {
                let answer = try await http.exchange(request)
                if answer.status == 200 {
                    return try CredentialDocument.read(answer.body, from: "the container service")
                }
                reason = ApusError(code: "status", "it answered \(answer.status)")
                if (400..<500).contains(answer.status), answer.status != 429 { break }
            } catch {
                reason = error
            }
        }
        throw ApusError.credentialsFailed("the container service gave no credentials", canRetry: true, cause: reason)
    }

    private func url() throws(ApusError) -> String? {
        if let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], !relative.isEmpty {
            guard relative.hasPrefix("/") else {
                throw ApusError.credentialsFailed("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path")
            }
            return "http://169.254.170.2" + relative
        }
        guard let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], !full.isEmpty else { return nil }
        guard full.hasPrefix("https://") || isLocal(full) else {
            throw ApusError.credentialsFailed(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither HTTPS nor an address of this host")
        }
        return full
    }

    private func isLocal(_ url: String) -> Bool {
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return false }
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        return ContainerCredentials.localHosts.contains(String(host))
    }

    private func token() throws(ApusError) -> Secret? {
        var text = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], !file.isEmpty {
            text = String(decoding: try Files.read(file, limit: 64 << 10), as: UTF8.self)
            while text?.last == "\n" || text?.last == "\r\n" { text?.removeLast() }
        }
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw ApusError.credentialsFailed("the token for the container service holds a control character")
        }
        return Secret(text)
    }
}
