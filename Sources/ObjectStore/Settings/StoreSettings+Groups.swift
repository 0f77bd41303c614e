package import Base
package import Settings

/// `credentials:`; every key is optional.
package struct StoreCredentialSettings: SettingsGroup {
    package var profile: String?
    package var accessKeyID: String?
    package var secretAccessKey: Secret?
    package var sessionToken: Secret?
    package var roleArn: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField("profile", \.profile, .nonEmptyString, "A profile of ~/.aws/config and ~/.aws/credentials."),
            SettingsField("accessKeyId", \.accessKeyID, .nonEmptyString, "The key's name."),
            SettingsField("secretAccessKey", \.secretAccessKey, .secret, "The key."),
            SettingsField("sessionToken", \.sessionToken, .secret, "Belongs to keys that end."),
            SettingsField("roleArn", \.roleArn, .nonEmptyString, "A role that these credentials take on (AWS STS)."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if (accessKeyID == nil) != (secretAccessKey == nil) {
            complaints.error(at: \Self.accessKeyID, "accessKeyId and secretAccessKey go together")
        }
        if accessKeyID != nil, profile != nil {
            complaints.error(at: \Self.profile, "give a profile or a key, not both")
        }
        if sessionToken != nil, accessKeyID == nil {
            complaints.error(at: \Self.sessionToken, "belongs to an accessKeyId")
        }
    }
}

/// `serverSideEncryption:`.
package struct StoreEncryptionSettings: SettingsGroup {
    package enum Method: String, Sendable, CaseIterable { case s3, kms, customer }

    package var method = Method.s3
    package var keyID: String?
    package var keyFile: String?

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "method", \.method, .choice(),
                "s3: the store's own keys; kms: of its KMS; customer: ours with each request.",
                required: true),
            SettingsField("keyId", \.keyID, .nonEmptyString, "The KMS key; absent: the bucket's default."),
            SettingsField("keyFile", \.keyFile, .path, "The customer's key: 32 bytes, or those in base64."),
        ]
    }

    package func check(_ complaints: inout SettingsChecker) {
        if keyID != nil, method != .kms { complaints.error(at: \Self.keyID, "belongs to the method kms") }
        if (keyFile != nil) != (method == .customer) {
            complaints.error(at: \Self.keyFile, "and the method customer go together")
        }
    }
}

/// `objectLock:`.
package struct StoreLockSettings: SettingsGroup {
    package var mode = BucketOptions.Lock.Mode.governance
    package var retain = Duration.seconds(30 * 86_400)

    package init() {}

    package static var fields: [SettingsField<Self>] {
        [
            SettingsField(
                "mode", \.mode, .choice(), "governance: who has the right may lift it; compliance: nobody can.",
                required: true),
            SettingsField(
                "retain", \.retain, .duration(in: .seconds(86_400) ... .seconds(86_400 * 36_500)),
                "From the upload on.", required: true),
        ]
    }
}
