import Base

/// The JSON in which containers, instances and programs hand out credentials; names differ a little between them.
enum CredentialDocument {
    /// - Parameter source: For messages.
    static func read(_ bytes: [UInt8], from source: String) throws(ApusError) -> CloudCredentials {
        let json: JSON
        do throws(ApusError) { json = try JSON.parse(bytes, limit: 64 << 10, depth: 8) } catch {
            throw ApusError.credentialsFailed("\(source) gave no JSON that can be read", canRetry: true, cause: error)
        }
        if let code = json["Code"]?.string, code != "Success" {
            throw ApusError.credentialsFailed("\(source) gave no credentials", canRetry: true)
        }
        guard let key = json["AccessKeyId"]?.string, !key.isEmpty,
            let secret = (json["SecretAccessKey"] ?? json["AccessKeySecret"])?.string, !secret.isEmpty
        else { throw ApusError.credentialsFailed("\(source) gave a document without an access key") }
        let token = (json["Token"] ?? json["SessionToken"] ?? json["SecurityToken"])?.string
        var end: WallInstant?
        if let text = json["Expiration"]?.string {
            guard let instant = CloudTimestamp.parse(text) else {
                throw ApusError.credentialsFailed("\(source) gave an Expiration that is no time")
            }
            end = instant
        }
        return CloudCredentials(
            accessKeyID: key, secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) }, expiresAt: end)
    }
}
