import Age
package import Base
import Glibc

/// Fetches a site to this host, for fleets that SSH does not suit, and lets nothing pass that is not signed by whom it
/// must be.
///
/// What always holds: nothing of a fetched site is read as a site before its signature has been verified; a commit that is
/// older than the last one that was taken is refused (somebody may replay an old one that was signed rightly). A file that
/// is fetched by HTTPS has no age, and an old one is taken as long as its signature holds.
package struct SitePull: Sendable {
    package enum Source: Sendable, Equatable {
        /// A repository, by any URL or path that git knows. The commit itself must be signed (`git commit -S` with an SSH
        /// key).
        case git(repository: String, revision: String)
        /// A site file by HTTPS, and its signature at the same address with `.sig`: `ssh-keygen -Y sign -n apus-sync`.
        case url(String)
    }

    /// Of a site file, and of its signature.
    package static let mostBytes = 8 << 20
    package static let namespace = "apus-sync"

    let source: Source
    /// Where the checkout is kept.
    let folder: String
    /// The site within the repository.
    let site: String
    /// The text of an allowed_signers file (ssh-keygen(1)); nil takes what is not signed.
    let allowedSigners: String?

    package init(source: Source, folder: String, site: String, allowedSigners: String?) {
        self.source = source
        self.folder = folder
        self.site = site
        self.allowedSigners = allowedSigners
    }

    package struct Outcome: Sendable {
        /// The site's path on this host.
        package let site: String
        /// The commit, or the digest of the file.
        package let version: String
        /// Who has signed it.
        package let signer: String?
    }

    /// - Throws: `ApusError` `pull-failed`, `signature-refused`, `older-site`.
    package func fetch(_ http: any HTTPSender) async throws -> Outcome {
        try makeFolder()
        switch source {
        case .git(let repository, let revision):
            return try GitPull(repository: repository, revision: revision, pull: self).fetch()
        case .url(let address): return try await fetch(address, http)
        }
    }

    private func fetch(_ address: String, _ http: any HTTPSender) async throws -> Outcome {
        let content = try await get(address, http)
        var signer: String?
        if let allowedSigners {
            let signature = try await get(address + ".sig", http)
            signer = try SitePull.verify(content, signature, allowedSigners, namespace: SitePull.namespace)
        }
        let path = "\(folder)/site.yaml"
        try Files.writeAtomically(content, to: path, mode: 0o600)
        return Outcome(site: path, version: ContentDigest.of(content), signer: signer)
    }

    private func get(_ address: String, _ http: any HTTPSender) async throws -> [UInt8] {
        let response = try await http.send(OutgoingRequest(method: "GET", url: address, timeout: .seconds(60)))
        guard response.status == 200 else {
            throw ApusError(
                code: "pull-failed", "\(SitePull.place(address)) answered with status \(response.status)",
                canRetry: true)
        }
        guard response.body.count < SitePull.mostBytes else {
            throw ApusError(
                code: "pull-failed", "\(SitePull.place(address)) is larger than \(SitePull.mostBytes) bytes")
        }
        return response.body
    }

    /// Without what may be secret in it.
    private static func place(_ address: String) -> String {
        String(address.prefix { $0 != "?" })
    }

    static func verify(
        _ message: [UInt8], _ signature: [UInt8], _ allowedSigners: String, namespace: String
    ) throws(ApusError) -> String {
        do {
            return try SSHSignature.verify(
                message: message, signature: String(decoding: signature, as: UTF8.self), allowedSigners: allowedSigners,
                namespace: namespace)
        } catch {
            throw ApusError(code: "signature-refused", "the signature is refused: \(error)")
        }
    }

    private func makeFolder() throws(ApusError) {
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/\(part)"
            mkdir(made, 0o700)
        }
        guard access(folder, W_OK) == 0 else { throw Files.failure("pull-failed", "cannot write to \(folder)") }
    }
}
